// Capsules of a WebTransport session (RFC 9297 §3.2, draft-ietf-webtrans-http3 §5): what the DATA
// frames of its CONNECT stream carry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "net/h3/h3_error.h"
#include "net/h3/tlv_reader.h"

namespace ferry::net {

// The longest reason of a close; the draft's own limit.
inline constexpr size_t kMaxCloseReasonBytes = 1024;
// The longest value that is kept: of a close, whose code stands before the reason.
inline constexpr size_t kMaxCapsuleBytes = 4 + kMaxCloseReasonBytes;

// WT_CLOSE_SESSION, the one capsule that we act on. WT_DRAIN_SESSION is skipped like the unknown
// ones: a gateway that is to end says so, with more to it, in a control message.
struct CloseCapsule {
  uint32_t code = 0;
  std::string reason;
};

class CapsuleReader {
 public:
  // Takes from the front of `data` up to the end of the next close, skipping the other capsules,
  // whatever their length; nullopt when `data` is used up. An error ends the stream.
  //
  // Flow control's (WT_MAX_DATA, WT_MAX_STREAMS, …) are among the others: a session has it only
  // where both ends have announced a limit by a SETTINGS_WT_INITIAL_MAX_*, and where it has none
  // they must be ignored (draft-ietf-webtrans-http3 §5.1). We announce none (settings.cc): a
  // connection carries one session, which QUIC's own flow control limits already.
  std::expected<std::optional<CloseCapsule>, H3Error> Next(ByteSpan& data);

  // Whether a stream may end here.
  bool between() const { return tlv_.between(); }
  // Bytes that are kept, at most kMaxCapsuleBytes.
  size_t kept() const { return close_.size(); }

 private:
  TlvReader tlv_;
  std::vector<uint8_t> close_;
};

// As a capsule alone, without the DATA frame around it. A longer reason is cut.
void AppendCloseCapsule(std::vector<uint8_t>& out, uint32_t code, std::string_view reason);

}  // namespace ferry::net
