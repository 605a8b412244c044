// Any bytes in the DATA frames of a CONNECT stream: the same closes however the bytes are cut, of
// which little is kept, and none that could not be written again. The first byte says where the
// bytes are cut.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/testing/check.h"
#include "net/h3/capsule.h"

namespace {

using namespace ferry;
using namespace ferry::net;

// The closes, written again; and how it ended.
std::vector<uint8_t> Rewrite(ByteSpan first, ByteSpan second, char& end) {
  std::vector<uint8_t> out;
  CapsuleReader reader;
  for (ByteSpan data : {first, second}) {
    for (;;) {
      const auto capsule = reader.Next(data);
      Check(reader.kept() <= kMaxCapsuleBytes);
      if (!capsule) {
        end = '!';
        return out;
      }
      if (!*capsule) break;
      Check((*capsule)->reason.size() <= kMaxCloseReasonBytes);
      AppendCloseCapsule(out, (*capsule)->code, (*capsule)->reason);
    }
    Check(data.empty());
  }
  end = reader.between() ? '.' : '-';
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteSpan bytes(data + 1, size - 1);
  const size_t cut = data[0] % (bytes.size() + 1);
  char end = 0, end_of_cut = 0, end_of_written = 0;
  const auto written = Rewrite(bytes, {}, end);
  Check(written == Rewrite(bytes.first(cut), bytes.subspan(cut), end_of_cut) && end == end_of_cut);
  Check(written == Rewrite(written, {}, end_of_written) && end_of_written == '.');
  return 0;
}
