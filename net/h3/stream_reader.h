// The two kinds of HTTP/3 streams that carry frames, read from bytes that come in pieces: the
// control stream (RFC 9114 §6.2.1) and a stream of one request and its answer (§4.1). Errors close
// the connection.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "net/h3/h3_error.h"
#include "net/h3/settings.h"
#include "net/h3/tlv_reader.h"

namespace ferry::net {

// Whose end of a connection it is (RFC 9000 §1.2).
enum class EndpointRole { kServer, kClient };

// Frame types (RFC 9114 §7.2).
inline constexpr uint64_t kDataFrame = 0x0;
inline constexpr uint64_t kHeadersFrame = 0x1;
inline constexpr uint64_t kSettingsFrame = 0x4;

// The other side wants no new requests (RFC 9114 §5.2).
struct Goaway {};

class ControlStreamReader {
 public:
  using Event = std::variant<Settings, Goaway>;

  // `role` is ours: a client must not send what a server may, and the other way round.
  explicit ControlStreamReader(EndpointRole role) : role_(role) {}

  // Takes from the front of `data` up to the next event, skipping unknown frames; nullopt when
  // `data` is used up.
  std::expected<std::optional<Event>, H3Error> Next(ByteSpan& data);
  // Bytes that are kept: of one frame, at most kMaxSettingsBytes.
  size_t kept() const { return payload_.size(); }

 private:
  std::optional<H3Error> CheckHead(uint64_t type, uint64_t length);

  EndpointRole role_;
  bool have_settings_ = false;
  TlvReader tlv_;
  std::vector<uint8_t> payload_;
};

class MessageReader {
 public:
  struct Event {
    bool headers = false;  // a whole header block, still compressed; else a piece of the body
    ByteSpan bytes;        // until the next call
  };

  // Takes from the front of `data` up to the next event, skipping unknown frames; nullopt when
  // `data` is used up.
  std::expected<std::optional<Event>, H3Error> Next(ByteSpan& data);

  // Whether the stream may end here: kFrameError within a frame, which ends the connection, and
  // kRequestIncomplete before the headers, which ends the stream.
  std::expected<void, H3Error> End() const;
  // Bytes that are kept: of one header block, at most kMaxHeaderBytes.
  size_t kept() const { return block_.size(); }

 private:
  std::optional<H3Error> CheckHead(uint64_t type, uint64_t length);

  bool have_headers_ = false;
  TlvReader tlv_;
  std::vector<uint8_t> block_;
};

}  // namespace ferry::net
