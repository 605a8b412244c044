#include "net/h3/stream_reader.h"

namespace ferry::net {
namespace {

constexpr uint64_t kCancelPushFrame = 0x3;
constexpr uint64_t kPushPromiseFrame = 0x5;
constexpr uint64_t kGoawayFrame = 0x7;
constexpr uint64_t kMaxPushIdFrame = 0xd;
// Only at the start of a stream, where it is no frame (stream_prefix.h).
constexpr uint64_t kWebTransportStream = 0x41;

// Types that HTTP/2 had and HTTP/3 forbids (RFC 9114 §7.2.8).
bool ReservedFromHttp2(uint64_t type) {
  return type == 0x2 || type == 0x6 || type == 0x8 || type == 0x9;
}

bool OnControlStreamOnly(uint64_t type) {
  return type == kSettingsFrame || type == kGoawayFrame || type == kMaxPushIdFrame ||
         type == kCancelPushFrame;
}

bool IsOneVarint(ByteSpan payload) { return TakeVarint(payload) && payload.empty(); }

}  // namespace

std::optional<H3Error> ControlStreamReader::CheckHead(uint64_t type, uint64_t length) {
  if (!have_settings_ && type != kSettingsFrame) return H3Error::kMissingSettings;
  if (have_settings_ && type == kSettingsFrame) return H3Error::kFrameUnexpected;
  if (type == kDataFrame || type == kHeadersFrame || type == kPushPromiseFrame ||
      ReservedFromHttp2(type) || (type == kMaxPushIdFrame && role_ == EndpointRole::kClient)) {
    return H3Error::kFrameUnexpected;
  }
  if (type == kSettingsFrame && length > kMaxSettingsBytes) return H3Error::kExcessiveLoad;
  if (type != kSettingsFrame && OnControlStreamOnly(type) && length > kMaxVarintBytes) {
    return H3Error::kFrameError;
  }
  return std::nullopt;
}

std::expected<std::optional<ControlStreamReader::Event>, H3Error> ControlStreamReader::Next(
    ByteSpan& data) {
  while (const auto piece = tlv_.Next(data)) {
    if (piece->first) {
      if (const auto error = CheckHead(piece->type, piece->length)) return std::unexpected(*error);
      payload_.clear();
    }
    if (!OnControlStreamOnly(piece->type)) continue;
    payload_.insert(payload_.end(), piece->value.begin(), piece->value.end());
    if (!piece->last) continue;
    if (piece->type == kSettingsFrame) {
      have_settings_ = true;
      const auto settings = ParseSettings(payload_);
      if (!settings) return std::unexpected(settings.error());
      return *settings;
    }
    if (!IsOneVarint(payload_)) return std::unexpected(H3Error::kFrameError);
    // We promise no pushes and ask for none: there is none to cancel.
    if (piece->type == kCancelPushFrame) return std::unexpected(H3Error::kIdError);
    if (piece->type == kGoawayFrame) return Goaway{};
  }
  return std::nullopt;
}

std::optional<H3Error> MessageReader::CheckHead(uint64_t type, uint64_t length) {
  if (OnControlStreamOnly(type) || ReservedFromHttp2(type) || type == kPushPromiseFrame) {
    return H3Error::kFrameUnexpected;
  }
  if (type == kWebTransportStream) return H3Error::kFrameError;
  if (type == kDataFrame && !have_headers_) return H3Error::kFrameUnexpected;
  if (type == kHeadersFrame && length > kMaxHeaderBytes) return H3Error::kExcessiveLoad;
  return std::nullopt;
}

std::expected<std::optional<MessageReader::Event>, H3Error> MessageReader::Next(ByteSpan& data) {
  while (const auto piece = tlv_.Next(data)) {
    if (piece->first) {
      if (const auto error = CheckHead(piece->type, piece->length)) return std::unexpected(*error);
      block_.clear();
    }
    if (piece->type == kDataFrame && !piece->value.empty()) {
      return Event{.headers = false, .bytes = piece->value};
    }
    if (piece->type != kHeadersFrame) continue;
    block_.insert(block_.end(), piece->value.begin(), piece->value.end());
    if (!piece->last) continue;
    have_headers_ = true;
    return Event{.headers = true, .bytes = block_};
  }
  return std::nullopt;
}

std::expected<void, H3Error> MessageReader::End() const {
  if (!tlv_.between()) return std::unexpected(H3Error::kFrameError);
  if (!have_headers_) return std::unexpected(H3Error::kRequestIncomplete);
  return {};
}

}  // namespace ferry::net
