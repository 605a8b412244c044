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

struct Capsule {
  enum class Type { kClose, kDrain };
  Type type = Type::kClose;
  uint32_t code = 0;   // of kClose
  std::string reason;  // of kClose
};

class CapsuleReader {
 public:
  // Takes from the front of `data` up to the end of the next capsule of a known type, skipping the
  // others, whatever their length; nullopt when `data` is used up. An error ends the stream.
  //
  // Flow control's (WT_MAX_DATA, WT_MAX_STREAMS, …) are among the others: a session has it only
  // where both ends have announced a limit by a SETTINGS_WT_INITIAL_MAX_*, and where it has none
  // they must be ignored (draft-ietf-webtrans-http3 §5.1). We announce none (settings.cc): a
  // connection carries one session, which QUIC's own flow control limits already.
  std::expected<std::optional<Capsule>, H3Error> Next(ByteSpan& data);

  // Whether a stream may end here.
  bool between() const { return tlv_.between(); }

 private:
  TlvReader tlv_;
  std::vector<uint8_t> close_;
};

// As capsules alone, without the DATA frame around them. A longer reason is cut.
void AppendCloseCapsule(std::vector<uint8_t>& out, uint32_t code, std::string_view reason);
void AppendDrainCapsule(std::vector<uint8_t>& out);

}  // namespace ferry::net
