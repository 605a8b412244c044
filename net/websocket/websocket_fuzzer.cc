// Any bytes, in pieces of any size: within limits, and the same events however they are cut. The
// first byte chooses the role and the limit, the second the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/testing/check.h"
#include "net/websocket/frame_reader.h"
#include "net/websocket/utf8.h"

namespace {

using namespace ferry;
using net::FrameReader;

// One is more than a read takes, the other less than an input of the fuzzer's may have.
constexpr size_t kLongMessage = 20'000;
constexpr size_t kShortMessage = 300;
constexpr size_t kMaxFrameHeader = 14;  // RFC 6455 §5.2

struct Seen {
  FrameReader::Kind kind;
  std::vector<uint8_t> payload;
  uint16_t code;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> Read(net::WebSocketRole role, size_t limit, ByteSpan bytes, size_t piece) {
  FrameReader reader(role, limit);
  std::vector<Seen> out;
  while (!bytes.empty()) {
    const MutableByteSpan space = reader.Space();
    Check(!space.empty() &&
          space.size() <= std::max(FrameReader::kReadBytes, limit + kMaxFrameHeader));
    const size_t size = std::min({bytes.size(), space.size(), piece});
    std::copy_n(bytes.begin(), size, space.begin());
    bytes = bytes.subspan(size);
    reader.Received(size);
    while (const auto event = reader.Next()) {
      Check(event->payload.size() <= limit);
      Check(event->kind != FrameReader::Kind::kText || net::IsUtf8(event->payload));
      out.push_back({event->kind, {event->payload.begin(), event->payload.end()}, event->code});
      const bool last =
          event->kind == FrameReader::Kind::kClose || event->kind == FrameReader::Kind::kError;
      if (last) {
        Check(!reader.Next());
        return out;
      }
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto role = (data[0] & 1) != 0 ? net::WebSocketRole::kClient : net::WebSocketRole::kServer;
  const size_t piece = 1 + data[1];
  const ByteSpan bytes(data + 2, size - 2);
  const size_t limit = (data[0] & 2) != 0 ? kShortMessage : kLongMessage;
  Check(Read(role, limit, bytes, bytes.size() + 1) == Read(role, limit, bytes, piece));
  return 0;
}
