#include "net/h3/stream_prefix.h"

namespace ferry::net {
namespace {

constexpr uint64_t kPushStream = 0x01;
constexpr uint64_t kQpackEncoderStream = 0x02;
constexpr uint64_t kQpackDecoderStream = 0x03;
constexpr uint64_t kWebTransportUni = 0x54;
constexpr uint64_t kWebTransportBidi = 0x41;

StreamKind KindOfUnidirectional(uint64_t type) {
  switch (type) {
    case kControlStreamType:
      return StreamKind::kControl;
    case kPushStream:
      return StreamKind::kPush;
    case kQpackEncoderStream:
      return StreamKind::kQpackEncoder;
    case kQpackDecoderStream:
      return StreamKind::kQpackDecoder;
    default:
      return StreamKind::kUnknown;
  }
}

}  // namespace

std::expected<std::optional<StreamKind>, H3Error> StreamPrefixReader::Take(ByteSpan& data) {
  if (!webtransport_) {
    const auto type = varint_.Take(data);
    if (!type) return std::nullopt;
    webtransport_ = *type == (unidirectional_ ? kWebTransportUni : kWebTransportBidi);
    if (!webtransport_) {
      if (unidirectional_) return KindOfUnidirectional(*type);
      // Rewritten in the shortest form, which means the same.
      AppendVarint(taken_, *type);
      return StreamKind::kRequest;
    }
  }
  const auto session = varint_.Take(data);
  if (!session) return std::nullopt;
  session_ = static_cast<int64_t>(*session);
  // Sessions are the client's bidirectional streams.
  if (IsUnidirectional(session_) || IsFromServer(session_)) {
    return std::unexpected(H3Error::kIdError);
  }
  return StreamKind::kWebTransport;
}

void AppendWebTransportPrefix(std::vector<uint8_t>& out, bool unidirectional, int64_t session) {
  AppendVarint(out, unidirectional ? kWebTransportUni : kWebTransportBidi);
  AppendVarint(out, static_cast<uint64_t>(session));
}

}  // namespace ferry::net
