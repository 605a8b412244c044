#include "net/h3/capsule.h"

namespace ferry::net {
namespace {

constexpr uint64_t kCloseSession = 0x2843;
constexpr size_t kCodeBytes = kMaxCapsuleBytes - kMaxCloseReasonBytes;

// `text` up to `limit` bytes, cut between characters.
std::string_view CutUtf8(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<uint8_t>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace

std::expected<std::optional<CloseCapsule>, H3Error> CapsuleReader::Next(ByteSpan& data) {
  while (const auto piece = tlv_.Next(data)) {
    if (piece->type != kCloseSession) continue;
    if (piece->length < kCodeBytes || piece->length > kMaxCapsuleBytes) {
      return std::unexpected(H3Error::kMessageError);
    }
    close_.insert(close_.end(), piece->value.begin(), piece->value.end());
    if (!piece->last) continue;
    ByteReader reader(close_);
    CloseCapsule close{.code = reader.U32(), .reason = {}};
    const ByteSpan reason = reader.Rest();
    close.reason.assign(reason.begin(), reason.end());
    close_.clear();
    return close;
  }
  return std::nullopt;
}

void AppendCloseCapsule(std::vector<uint8_t>& out, uint32_t code, std::string_view reason) {
  reason = CutUtf8(reason, kMaxCloseReasonBytes);
  AppendVarint(out, kCloseSession);
  AppendVarint(out, kCodeBytes + reason.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(code >> shift));
  out.insert(out.end(), reason.begin(), reason.end());
}

}  // namespace ferry::net
