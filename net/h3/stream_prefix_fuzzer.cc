// Any first bytes of a stream: it is the same stream however they are cut, and a request loses none
// of them. The first byte chooses the direction, the second where the bytes are cut.
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/testing/check.h"
#include "net/h3/stream_prefix.h"

namespace {

using namespace ferry;
using namespace ferry::net;

struct Found {
  std::optional<H3Error> error;
  std::optional<StreamKind> kind;
  int64_t session = -1;
  size_t left = 0;  // bytes behind the prefix

  bool operator==(const Found&) const = default;
};

Found Read(bool unidirectional, ByteSpan first, ByteSpan second) {
  StreamPrefixReader reader(unidirectional);
  Found found;
  for (ByteSpan data : {first, second}) {
    if (!found.kind && !found.error) {
      const auto kind = reader.Take(data);
      if (kind) found.kind = *kind;
      if (!kind) found.error = kind.error();
    }
    found.left += data.size();
  }
  found.session = reader.session();
  Check(found.kind != StreamKind::kWebTransport || (found.session >= 0 && found.session % 4 == 0));
  Check((found.kind == StreamKind::kRequest) != reader.taken().empty());
  Check(reader.taken().size() <= kMaxVarintBytes);
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const bool unidirectional = (data[0] & 1) != 0;
  const ByteSpan bytes(data + 2, size - 2);
  const size_t cut = data[1] % (bytes.size() + 1);
  Check(Read(unidirectional, bytes, {}) ==
        Read(unidirectional, bytes.first(cut), bytes.subspan(cut)));
  return 0;
}
