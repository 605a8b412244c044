// Any bytes, in pieces of any size: within limits, and the same events however they are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "net/websocket/frame_reader.h"
#include "net/websocket/utf8.h"

namespace {

using namespace ferry;
using net::FrameReader;

constexpr size_t kMaxMessage = 20'000;  // more than a read takes

struct Seen {
  FrameReader::Kind kind;
  std::vector<uint8_t> payload;
  uint16_t code;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> Read(net::WebSocketRole role, ByteSpan bytes, size_t piece) {
  FrameReader reader(role, kMaxMessage);
  std::vector<Seen> out;
  while (!bytes.empty()) {
    const MutableByteSpan space = reader.Space();
    if (space.empty()) std::abort();
    const size_t size = std::min({bytes.size(), space.size(), piece});
    std::copy_n(bytes.begin(), size, space.begin());
    bytes = bytes.subspan(size);
    reader.Received(size);
    while (const auto event = reader.Next()) {
      if (event->payload.size() > kMaxMessage) std::abort();
      if (event->kind == FrameReader::Kind::kText && !net::IsUtf8(event->payload)) std::abort();
      out.push_back({event->kind, {event->payload.begin(), event->payload.end()}, event->code});
      const bool last =
          event->kind == FrameReader::Kind::kClose || event->kind == FrameReader::Kind::kError;
      if (last) {
        if (reader.Next()) std::abort();
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
  if (Read(role, bytes, bytes.size() + 1) != Read(role, bytes, piece)) std::abort();
  return 0;
}
