// Any bytes, in pieces of any size: messages within the limit, the same however they are cut, and
// what is read is written back to the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "net/webtransport/control_reader.h"

namespace {

using namespace ferry;

struct Seen {
  std::vector<std::string> messages;
  bool failed = false;
  bool operator==(const Seen&) const = default;
};

Seen Read(ByteSpan bytes, size_t piece) {
  net::ControlReader reader;
  Seen seen;
  while (!bytes.empty()) {
    ByteSpan part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    while (const auto message = reader.Next(part)) {
      if (message->size() > net::kMaxControlBytes) std::abort();
      seen.messages.emplace_back(*message);
    }
    if (!part.empty()) std::abort();
  }
  seen.failed = reader.failed();
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Seen whole = Read({data, size}, size + 1);
  for (const size_t piece : {1, 2, 7, 1000}) {
    if (Read({data, size}, piece) != whole) std::abort();
  }
  std::vector<uint8_t> written;
  for (const auto& message : whole.messages) {
    net::AppendControl(written, {reinterpret_cast<const uint8_t*>(message.data()), message.size()});
  }
  if (Read(written, 100).messages != whole.messages) std::abort();
  return 0;
}
