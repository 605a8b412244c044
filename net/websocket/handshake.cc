#include "net/websocket/handshake.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

#include "core/base/base64.h"

namespace ferry::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr size_t kKeyBytes = 16;
constexpr size_t kKeyText = 24;  // in base64

std::string Base64(const unsigned char* bytes, size_t size) {
  return Base64Encode({reinterpret_cast<const char*>(bytes), size});
}

// What proves that the other side has read the key (§4.2.2).
std::string AcceptFor(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    return "";
  }
  return Base64(digest.data(), size);
}

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

bool HasToken(const http::fields& fields, http::field name, std::string_view token) {
  return http::token_list(fields[name]).exists({token.data(), token.size()});
}

// §4.1: the base64 form of 16 bytes.
bool IsKey(std::string_view key) {
  const auto is_base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  return key.size() == kKeyText && key.ends_with("==") &&
         std::ranges::all_of(key.substr(0, kKeyText - 2), is_base64);
}

}  // namespace

bool IsWebSocketUpgrade(const RequestHeader& request) {
  return request.method() == http::verb::get && request.version() == 11 &&
         HasToken(request, http::field::connection, "upgrade") &&
         HasToken(request, http::field::upgrade, "websocket") &&
         request[http::field::sec_websocket_version] == "13" &&
         IsKey(View(request[http::field::sec_websocket_key])) &&
         HasToken(request, http::field::sec_websocket_protocol, kWebSocketProtocol);
}

std::string UpgradeResponse(const RequestHeader& request) {
  return "HTTP/1.1 101 Switching Protocols\r\n"
         "Upgrade: websocket\r\n"
         "Connection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         AcceptFor(View(request[http::field::sec_websocket_key])) +
         "\r\nSec-WebSocket-Protocol: " + std::string(kWebSocketProtocol) + "\r\n\r\n";
}

std::string MakeWebSocketKey() {
  std::array<unsigned char, kKeyBytes> bytes{};
  RAND_bytes(bytes.data(), bytes.size());
  return Base64(bytes.data(), bytes.size());
}

std::string UpgradeRequest(std::string_view host, std::string_view path, std::string_view key) {
  std::string request = "GET ";
  request.append(path).append(" HTTP/1.1\r\nHost: ").append(host);
  request.append(
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: ");
  request.append(key).append("\r\nSec-WebSocket-Protocol: ").append(kWebSocketProtocol);
  return request.append("\r\n\r\n");
}

bool AcceptsUpgrade(const ResponseHeader& response, std::string_view key) {
  return response.result() == http::status::switching_protocols &&
         HasToken(response, http::field::connection, "upgrade") &&
         HasToken(response, http::field::upgrade, "websocket") &&
         View(response[http::field::sec_websocket_accept]) == AcceptFor(key) &&
         View(response[http::field::sec_websocket_protocol]) == kWebSocketProtocol &&
         response.count(http::field::sec_websocket_extensions) == 0;
}

std::string WhyNoUpgrade(const ResponseHeader& response) {
  constexpr const char* kProxy =
      "a proxy between must pass on Upgrade (nginx: proxy_http_version 1.1, and proxy_set_header "
      "for Upgrade and Connection)";
  const unsigned status = response.result_int();
  const std::string_view type = View(response[http::field::content_type]);
  const bool page = type.starts_with("text/html");
  std::string why = "the answer was HTTP " + std::to_string(status);
  if (page) why += " with a page of HTML";
  switch (status) {
    case 101:
      return why + ", but not to this request: something between answered in the gateway's place";
    case 426:
      // What a gateway says to a request that came without it.
      return why + ": the request came without Upgrade; " + kProxy;
    case 301:
    case 302:
    case 307:
    case 308:
      return why + ", to " + std::string(View(response[http::field::location])) +
             ": give that address";
    case 502:
    case 504:
      return why + ": a proxy between does not reach the gateway";
    case 429:
      return why + ": too many connections or requests from this address";
    case 200:
    case 400:
    case 404:
    case 405:
    case 501:
      return why + ": either no gateway is there, or " + kProxy;
    default:
      return page ? why + ": either no gateway is there, or " + kProxy : why;
  }
}

}  // namespace ferry::net
