// What comes before TLS or HTTP on a connection: perhaps a proxy's word on whose it is.
#pragma once

#include <string>

#include "core/base/error.h"
#include "gateway/net/asio.h"
#include "gateway/net/path_prefix.h"
#include "gateway/net/trusted_proxies.h"

namespace ferry::gateway {

// How the gateway lives behind reverse proxies: whose word on clients' addresses is taken, and
// under which path they show it.
struct ProxyPolicy {
  TrustedProxies trusted;
  // Whether connections of trusted proxies may begin with a header of the PROXY protocol. A
  // setting, not a guess: behind a proxy that passes bytes on without writing a header, clients
  // could write one.
  bool proxy_protocol = false;
  PathPrefix path_prefix;
};

IpAddress ToIpAddress(const asio::ip::address& address);
asio::ip::address ToAsio(const IpAddress& address);

struct ProxyPreface {
  asio::ip::address client;  // whom the header names; else the peer
  bool named = false;        // a header names it
  std::string begin;         // of the connection itself, read while there might have been a header
};

// Waits for the peer's first bytes and reads a header, if there is one and it may be.
// kInvalidArgument: there is one, and it may not; kMalformed: one that is broken; kNotFound: the
// connection has ended.
asio::awaitable<Result<ProxyPreface>> ReadProxyPreface(asio::ip::tcp::socket& socket,
                                                       const asio::ip::address& peer,
                                                       const ProxyPolicy& policy);

}  // namespace ferry::gateway
