#include "net/quic/steering.h"

#include <linux/filter.h>
#include <openssl/rand.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace ferry::net {

void FillConnectionId(MutableByteSpan id, WorkerSlot worker) {
  RAND_bytes(id.data(), static_cast<int>(id.size()));
  id[0] = worker.index;
}

Result<void> AttachSteering(int socket, uint8_t workers) {
  // Classic BPF needs no privilege. RFC 8999 §5: in a long header the connection id begins at byte
  // 6, in a short one at byte 1. A load past the end of a packet yields worker 0.
  std::array<sock_filter, 7> code{{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 0},       // the first byte
      {BPF_JMP | BPF_JSET | BPF_K, 0, 2, 0x80},  // long header?
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 6},
      {BPF_JMP | BPF_JA, 0, 0, 1},
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 1},
      {BPF_ALU | BPF_MOD | BPF_K, 0, 0, workers},
      {BPF_RET | BPF_A, 0, 0, 0},
  }};
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) != 0) {
    return Fail(ErrorCode::kUnsupported,
                std::string("cannot steer UDP packets to workers: ") + std::strerror(errno));
  }
  return {};
}

}  // namespace ferry::net
