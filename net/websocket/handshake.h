// The opening handshake of WebSocket (RFC 6455 §4), both sides, apart from how it is carried.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <string>
#include <string_view>

namespace ferry::net {

// docs/protocol.md §1.
inline constexpr std::string_view kWebSocketPath = "/rtc/v1";
inline constexpr std::string_view kWebSocketProtocol = "ferry.v1";

using RequestHeader = boost::beast::http::request_header<>;
using ResponseHeader = boost::beast::http::response_header<>;

// Whether a request asks for a WebSocket as RFC 6455 §4.2.1 demands and offers our subprotocol.
bool IsWebSocketUpgrade(const RequestHeader& request);
// The whole answer to such a request: 101, our subprotocol, no extension.
std::string UpgradeResponse(const RequestHeader& request);

// A new Sec-WebSocket-Key.
std::string MakeWebSocketKey();
// The whole request of a client. `host` with its port, as an address bar shows it.
std::string UpgradeRequest(std::string_view host, std::string_view path, std::string_view key);
// Whether the answer to a request with `key` opens the connection (§4.1).
bool AcceptsUpgrade(const ResponseHeader& response, std::string_view key);
// Of an answer that does not: what it was, and whose fault that is where it can be told, above all
// of a proxy between that does not pass on `Upgrade`.
std::string WhyNoUpgrade(const ResponseHeader& response);

}  // namespace ferry::net
