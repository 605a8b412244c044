// Any bytes, in pieces of any size: messages within the limit, the same however they are cut, and
// what is read is written back to the same; and so with so much behind them that the longest
// message is whole.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/testing/check.h"
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
      Check(message->size() <= net::kMaxControlBytes);
      seen.messages.emplace_back(*message);
    }
    Check(part.empty());
  }
  seen.failed = reader.failed();
  return seen;
}

void CheckWrittenAgain(const Seen& seen) {
  std::vector<uint8_t> written;
  for (const auto& message : seen.messages) {
    net::AppendControl(written, {reinterpret_cast<const uint8_t*>(message.data()), message.size()});
  }
  const Seen again = Read(written, 100);
  Check(again.messages == seen.messages && !again.failed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Seen whole = Read({data, size}, size + 1);
  for (const size_t piece : {1, 2, 7, 1000}) Check(Read({data, size}, piece) == whole);
  CheckWrittenAgain(whole);

  std::vector<uint8_t> more(data, data + size);
  more.insert(more.end(), net::kMaxControlBytes + 1, '~');
  const Seen longer = Read(more, more.size());
  Check(Read(more, 1000) == longer);
  CheckWrittenAgain(longer);
  return 0;
}
