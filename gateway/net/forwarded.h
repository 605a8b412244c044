// Whom a request comes from, by what the proxies on its way have said.
#pragma once

#include <string_view>

#include "gateway/net/ip_address.h"
#include "gateway/net/trusted_proxies.h"

namespace ferry::gateway {

// Proxies one behind the other that are followed back; who is beyond is taken for the client.
inline constexpr int kMaxForwardedHops = 16;

// The rightmost address that is not of a trusted proxy, of `x_forwarded_for` (all fields of that
// name, joined by commas; each proxy adds whom it heard from at the right) and then `peer`, who
// sent the request. Where the chain ends, or has something else than an address, the last one
// found.
//
// RFC 7239's Forwarded is not read: proxies that set the one pass the other on as the client wrote
// it, and whoever reads both lets clients choose their address.
IpAddress ClientOf(std::string_view x_forwarded_for, const IpAddress& peer,
                   const TrustedProxies& proxies);

}  // namespace ferry::gateway
