// The heads of requests and answers: the CONNECT that opens a WebTransport session
// (draft-ietf-webtrans-http3 §3.2, RFC 9220) and the status that answers it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "net/h3/h3_error.h"
#include "net/h3/qpack.h"

namespace ferry::net {

// Application protocols that a client may offer; more are not read.
inline constexpr size_t kMaxOfferedProtocols = 16;

// What a client asks for. Strings are the client's, unchecked.
struct ConnectRequest {
  std::string authority;               // host and port as the client calls them
  std::string path;                    // with its query
  std::string origin;                  // of the page; empty: not a browser
  std::vector<std::string> protocols;  // offered, the client's favourite first
};

struct RequestHead {
  std::string method;
  std::string protocol;  // of an extended CONNECT
  ConnectRequest connect;

  bool webtransport() const {
    return method == "CONNECT" && (protocol == "webtransport" || protocol == "webtransport-h3");
  }
};

// Checks a request's fields; kMessageError, which ends the stream, for what RFC 9114 §4.3 forbids:
// pseudo-headers unknown, twice, missing or after others, and upper case in names.
std::expected<RequestHead, H3Error> ParseRequest(const std::vector<HeaderField>& fields);

struct ResponseHead {
  unsigned status = 0;
  std::string protocol;  // the chosen one of those offered; may be empty
};
std::expected<ResponseHead, H3Error> ParseResponse(const std::vector<HeaderField>& fields);

// Header blocks to send.
std::vector<uint8_t> EncodeConnect(const ConnectRequest& request);
std::vector<uint8_t> EncodeAccept(std::string_view protocol);
std::vector<uint8_t> EncodeStatus(unsigned status);

}  // namespace ferry::net
