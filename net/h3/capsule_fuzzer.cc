// Any bytes in the DATA frames of a CONNECT stream: the same capsules however the bytes are cut,
// and none that could not be written again. The first byte says where they are cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "net/h3/capsule.h"

namespace {

using namespace ferry;
using namespace ferry::net;

// The closes among them, written again; and how it ended.
std::vector<uint8_t> Rewrite(ByteSpan first, ByteSpan second) {
  std::vector<uint8_t> out;
  CapsuleReader reader;
  for (ByteSpan data : {first, second}) {
    for (;;) {
      const auto capsule = reader.Next(data);
      if (!capsule) {
        out.push_back('!');
        return out;
      }
      if (!*capsule) break;
      if ((*capsule)->reason.size() > kMaxCloseReasonBytes) std::abort();
      AppendCloseCapsule(out, (*capsule)->code, (*capsule)->reason);
    }
  }
  out.push_back(reader.between() ? '.' : '-');
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteSpan bytes(data + 1, size - 1);
  const size_t cut = data[0] % (bytes.size() + 1);
  if (Rewrite(bytes, {}) != Rewrite(bytes.first(cut), bytes.subspan(cut))) std::abort();
  return 0;
}
