// What a stream is, by its first bytes: a unidirectional stream starts with its type (RFC 9114
// §6.2), a bidirectional one is a request unless it starts with WebTransport's signal value
// (draft-ietf-webtrans-http3 §4.3). A WebTransport stream goes on with the id of its session.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "net/h3/h3_error.h"
#include "net/h3/varint.h"

namespace ferry::net {

// Directions and initiators of a stream id (RFC 9000 §2.1).
constexpr bool IsUnidirectional(int64_t stream) { return (stream & 2) != 0; }
constexpr bool IsFromServer(int64_t stream) { return (stream & 1) != 0; }

inline constexpr uint64_t kControlStreamType = 0x00;

enum class StreamKind {
  kControl,
  kPush,
  kQpackEncoder,
  kQpackDecoder,
  kRequest,
  kWebTransport,
  kUnknown
};

class StreamPrefixReader {
 public:
  explicit StreamPrefixReader(bool unidirectional) : unidirectional_(unidirectional) {}

  // Takes the prefix from the front of `data`; nullopt when `data` is used up before it is whole.
  // An error closes the connection: a session id that no CONNECT can have.
  std::expected<std::optional<StreamKind>, H3Error> Take(ByteSpan& data);

  // Of a WebTransport stream: its session, which is its CONNECT's stream id.
  int64_t session() const { return session_; }
  // Of a request: the first integer that has been taken, which is the type of its first frame.
  const std::vector<uint8_t>& taken() const { return taken_; }

 private:
  bool unidirectional_;
  bool webtransport_ = false;
  VarintReader varint_;
  int64_t session_ = -1;
  std::vector<uint8_t> taken_;
};

void AppendWebTransportPrefix(std::vector<uint8_t>& out, bool unidirectional, int64_t session);

}  // namespace ferry::net
