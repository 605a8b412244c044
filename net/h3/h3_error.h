// Error codes of HTTP/3 (RFC 9114 §8.1), QPACK (RFC 9204 §6), HTTP datagrams (RFC 9297 §5.2) and
// WebTransport over HTTP/3 (draft-ietf-webtrans-http3 §8), and how a WebTransport stream's own
// error codes travel among them.
#pragma once

#include <cstdint>
#include <optional>

namespace ferry::net {

enum class H3Error : uint64_t {
  kDatagramError = 0x33,
  kNoError = 0x100,
  kGeneralProtocolError = 0x101,
  kInternalError = 0x102,
  kStreamCreationError = 0x103,
  kClosedCriticalStream = 0x104,
  kFrameUnexpected = 0x105,
  kFrameError = 0x106,
  kExcessiveLoad = 0x107,
  kIdError = 0x108,
  kSettingsError = 0x109,
  kMissingSettings = 0x10a,
  kRequestRejected = 0x10b,
  kRequestCancelled = 0x10c,
  kRequestIncomplete = 0x10d,
  kMessageError = 0x10e,
  kQpackDecompressionFailed = 0x200,
  kQpackEncoderStreamError = 0x201,
  kQpackDecoderStreamError = 0x202,
  kWtBufferedStreamRejected = 0x3994bd84,
  kWtSessionGone = 0x170d7b68,
};

constexpr uint64_t Code(H3Error error) { return static_cast<uint64_t>(error); }

// A WebTransport stream's error code as the code of RESET_STREAM and STOP_SENDING: a range of its
// own that leaves out the code points reserved for greasing.
uint64_t ToHttp3Code(uint32_t webtransport_code);

// The way back; nullopt for a code that no WebTransport application sent.
std::optional<uint32_t> FromHttp3Code(uint64_t http3_code);

}  // namespace ferry::net
