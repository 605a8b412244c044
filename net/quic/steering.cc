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
  // Classic BPF needs no privilege. In a short header the connection id begins at byte 1 (RFC 8999
  // §5.2). An index that no socket has leaves the choice to the kernel. A load past the end of a
  // packet yields worker 0.
  constexpr uint32_t kNoSocket = 0xFFFF;
  std::array<sock_filter, 6> code{{
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 0},       // the first byte
      {BPF_JMP | BPF_JSET | BPF_K, 3, 0, 0x80},  // long header?
      {BPF_LD | BPF_B | BPF_ABS, 0, 0, 1},
      {BPF_ALU | BPF_MOD | BPF_K, 0, 0, workers},
      {BPF_RET | BPF_A, 0, 0, 0},
      {BPF_RET | BPF_K, 0, 0, kNoSocket},
  }};
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) != 0) {
    return Fail(ErrorCode::kUnsupported,
                std::string("cannot steer UDP packets to workers: ") + std::strerror(errno));
  }
  return {};
}

}  // namespace ferry::net
