// What the port answers before, or instead of, a WebSocket.
#pragma once

#include <string>
#include <string_view>

#include "gateway/net/connection_client.h"
#include "gateway/net/http.h"

namespace ferry::gateway {

// To a request of a client, or of somebody in between, who has too many connections: 429.
HttpResponse TooManyConnections(const ConnectionClient& client, const HttpRequest& request);
// To an address that asks too often: 429.
HttpResponse TooManyRequests();
// To a client that is one too many: 503.
HttpResponse GatewayFull();
// 403.
HttpResponse OriginNotAllowed(std::string_view origin);
// To a request for the WebSocket's path that does not ask for one: 426.
HttpResponse UpgradeRequired(const HttpRequest& request);
// 308.
HttpResponse MovedTo(const std::string& target);

// The page that asks for the WebSocket's path: what its browser says, else what it says itself.
// Browsers tell the gateway's own pages' origin with a WebSocket alone, and that is what a page
// whose WebSocket has failed inquires about (docs/protocol.md §1).
std::string RequestOrigin(const HttpRequest& request);
// Whether a proxy has taken Upgrade or Connection off a client's request for a WebSocket.
bool LacksUpgrade(const HttpRequest& request);

}  // namespace ferry::gateway
