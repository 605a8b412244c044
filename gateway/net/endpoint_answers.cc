#include "gateway/net/endpoint_answers.h"

#include <boost/beast/http/rfc7230.hpp>

#include "net/address_text.h"
#include "net/websocket/handshake.h"

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Pages of any origin may read it: browsers do not tell them why a WebSocket failed.
HttpResponse Readable(unsigned status, std::string text) {
  HttpResponse response = TextResponse(status, "text/plain", std::move(text));
  response.headers.set(http::field::access_control_allow_origin, "*");
  return response;
}

}  // namespace

HttpResponse TooManyConnections(const ConnectionClient& client, const HttpRequest& request) {
  std::string text = "too many connections from " + net::AddressText(client.address());
  if (client.Ignores(request)) {
    text +=
        ", whose X-Forwarded-For is not believed: it is not among the gateway's trusted-proxies";
  } else if (client.IsProxy()) {
    text += ", a proxy that does not say for whom: it has to send X-Forwarded-For";
  }
  HttpResponse response = Readable(429, text + "\n");
  response.headers.set(http::field::retry_after, "10");
  return response;
}

HttpResponse TooManyRequests() {
  HttpResponse response = Readable(429, "too many requests from this address\n");
  response.headers.set(http::field::retry_after, "1");
  return response;
}

HttpResponse GatewayFull() {
  HttpResponse response = Readable(503, "the gateway is full\n");
  response.headers.set(http::field::retry_after, "10");
  return response;
}

HttpResponse OriginNotAllowed(std::string_view origin) {
  return Readable(403, "pages of " + std::string(origin) +
                           " may not connect here: see allowed-origins in the gateway's "
                           "configuration\n");
}

HttpResponse UpgradeRequired(const HttpRequest& request) {
  HttpResponse response =
      Readable(426, LacksUpgrade(request)
                        ? "a proxy on the way here does not pass on Upgrade and Connection\n"
                        : "a WebSocket of subprotocol ferry.v1 lives here\n");
  response.headers.set(http::field::upgrade, "websocket");
  return response;
}

HttpResponse MovedTo(const std::string& target) {
  HttpResponse response = TextResponse(308, "text/plain", "it is at " + target + "\n");
  response.headers.set(http::field::location, target);
  return response;
}

std::string RequestOrigin(const HttpRequest& request) {
  const std::string_view told = View(request[http::field::origin]);
  if (!told.empty() || net::IsWebSocketUpgrade(request)) return std::string(told);
  return QueryParameter(View(request.target()), "origin");
}

bool LacksUpgrade(const HttpRequest& request) {
  // Hop by hop are Upgrade and Connection alone: proxies that do not know them pass on the rest,
  // some as HTTP/1.0.
  const auto has = [&](http::field name, const char* token) {
    return http::token_list(request[name]).exists(token);
  };
  return request.find(http::field::sec_websocket_key) != request.end() &&
         !(request.version() == 11 && has(http::field::upgrade, "websocket") &&
           has(http::field::connection, "upgrade"));
}

}  // namespace ferry::gateway
