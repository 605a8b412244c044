// RTP packets: fixed header and one-byte header extensions, RFC 3550 §5.1, RFC 8285 §4.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/audio_level.h"
#include "core/base/bytes.h"
#include "core/base/error.h"

namespace ferry::rtp {

// The largest packet this engine sends, header included: fits a WebTransport datagram on every path
// that QUIC itself requires (RFC 9000 §14).
inline constexpr size_t kMaxPacketSize = 1150;
// The largest packet that a repair packet of kMaxPacketSize has room for (core/fec): video is cut
// to it.
inline constexpr size_t kMaxProtectedPacketSize = kMaxPacketSize - 44;
// The largest packet it accepts.
inline constexpr size_t kMaxReceivedPacketSize = 1200;

// Payload types of the Ferry protocol (docs/protocol.md §3).
inline constexpr uint8_t kOpusPayloadType = 111;
inline constexpr uint8_t kVp8PayloadType = 96;
inline constexpr uint8_t kVp9PayloadType = 98;
// Of packets that repair the loss of others (core/fec/repair_packet.h).
inline constexpr uint8_t kRepairPayloadType = 126;
// Of packets that carry nothing (core/transport/padding_packet.h).
inline constexpr uint8_t kPaddingPayloadType = 127;

// Of packets that belong to no stream: repair packets and padding.
inline constexpr uint32_t kNoStreamSsrc = 0;

// What a packet carries, as its payload type tells.
enum class MediaKind : uint8_t { kUnknown, kAudio, kVideo, kRepair, kPadding };
constexpr MediaKind KindOf(uint8_t payload_type) {
  switch (payload_type) {
    case kOpusPayloadType:
      return MediaKind::kAudio;
    case kVp8PayloadType:
    case kVp9PayloadType:
      return MediaKind::kVideo;
    case kRepairPayloadType:
      return MediaKind::kRepair;
    case kPaddingPayloadType:
      return MediaKind::kPadding;
    default:
      return MediaKind::kUnknown;
  }
}

// Header extension ids of the Ferry protocol (docs/protocol.md §3).
inline constexpr uint8_t kAudioLevelExtensionId = 1;
inline constexpr uint8_t kAbsoluteCaptureTimeExtensionId = 2;
inline constexpr uint8_t kTransportSequenceNumberExtensionId = 3;

struct RtpHeader {
  uint8_t payload_type = 0;
  bool marker = false;
  uint16_t sequence_number = 0;
  uint32_t timestamp = 0;
  uint32_t ssrc = 0;
  bool operator==(const RtpHeader&) const = default;
};

struct RtpExtensions {
  std::optional<AudioLevel> audio_level;
  // NTP time of capture in the sender's clock, UQ32.32 (abs-capture-time).
  std::optional<uint64_t> absolute_capture_time;
  // transport-wide congestion control; the last so that a rewriter finds it in a fixed place
  std::optional<uint16_t> transport_sequence_number;
  bool operator==(const RtpExtensions&) const = default;
};

// A parsed packet; `payload` points into the parsed bytes, padding taken off.
struct RtpPacketView {
  RtpHeader header;
  RtpExtensions extensions;
  ByteSpan payload;
  // Where the two bytes of the transport-wide sequence number stand in the packet, or 0.
  size_t transport_sequence_number_offset = 0;
};

// True when the bytes look like RTCP rather than RTP when both share a flow (RFC 5761 §4).
bool IsRtcp(ByteSpan packet);

// The ids under which a sender writes the extensions that we know: ours, or those of another
// protocol (RFC 8285 §5 negotiates them). 0: it has no such extension.
struct ExtensionIds {
  uint8_t audio_level = kAudioLevelExtensionId;
  uint8_t absolute_capture_time = kAbsoluteCaptureTimeExtensionId;
  uint8_t transport_sequence_number = kTransportSequenceNumberExtensionId;
};

// Parses a packet. Unknown extensions, two-byte extensions and CSRCs are skipped over; a version
// other than 2, a length that does not fit, bad padding and more than kMaxReceivedPacketSize bytes
// are errors. Only an error's message allocates.
Result<RtpPacketView> ParseRtp(ByteSpan packet, const ExtensionIds& ids = {});

// Bytes that header and extensions will take before the payload.
size_t RtpHeaderSize(const RtpExtensions& extensions);

// Where WriteRtp puts the two bytes of the transport-wide sequence number among these extensions,
// or 0.
size_t TransportSequenceNumberOffset(const RtpExtensions& extensions);

// Writes header, extensions and payload to `out` and returns the packet's size;
// kLimitExceeded when `out` is too small, kInvalidArgument for a payload type or audio level above
// 127. `payload` must not lie in `out`.
Result<size_t> WriteRtp(const RtpHeader& header, const RtpExtensions& extensions, ByteSpan payload,
                        MutableByteSpan out);

// A packet with its bytes and all that is known of it. It is made once, where it is received or
// written, and handed on from there: nobody parses it or extends its number again.
struct RtpPacket {
  // A copy of `packet` with what its parse found.
  static RtpPacket Copy(ByteSpan packet, const RtpPacketView& parsed);
  // Written anew, in WriteRtp's way.
  static Result<RtpPacket> Make(const RtpHeader& header, const RtpExtensions& extensions,
                                ByteSpan payload);

  ByteSpan payload() const { return ByteSpan(bytes).subspan(payload_offset, payload_size); }
  MediaKind kind() const { return KindOf(header.payload_type); }
  // Gives it its place among all packets of its transport. A packet that has no room for the number
  // stays as it is.
  void SetTransportSequenceNumber(uint16_t number);

  std::vector<uint8_t> bytes;
  RtpHeader header;
  RtpExtensions extensions;
  // The sequence number without its wrap (RFC 3550 A.1), by the one who knows all of its source.
  int64_t sequence = 0;
  // A retransmission, or rebuilt from others: its arrival tells nothing of the network's jitter.
  bool recovered = false;
  size_t payload_offset = 0;
  size_t payload_size = 0;
  size_t transport_sequence_number_offset = 0;  // 0: it has none
};

// In-place changes for forwarding, without a parse: `packet` must have passed ParseRtp.
void RewriteSsrc(MutableByteSpan packet, uint32_t ssrc);
void RewriteSequenceNumber(MutableByteSpan packet, uint16_t sequence_number);
void RewriteTimestamp(MutableByteSpan packet, uint32_t timestamp);
// `offset` is RtpPacketView::transport_sequence_number_offset; at 0 there is nothing to rewrite.
void RewriteTransportSequenceNumber(MutableByteSpan packet, size_t offset, uint16_t number);

}  // namespace ferry::rtp
