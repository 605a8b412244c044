// Whom a TCP connection counts for: its peer, or whom a trusted proxy names.
#pragma once

#include <optional>

#include "gateway/net/address_limits.h"
#include "gateway/net/asio.h"
#include "gateway/net/http.h"
#include "gateway/net/proxy_preface.h"

namespace ferry::gateway {

// Charges the limits of an address. A trusted proxy's own is spared until its TLS is done: it is
// the address of many, whose connections would otherwise be counted as one client's.
class ConnectionClient {
 public:
  // Whether `peer` is to be admitted (AddressLimits::Admit) before its connection is served.
  static bool IsCharged(const asio::ip::address& peer, const ProxyPolicy& policy);

  // Of a connection of `peer`, admitted where it IsCharged. All outlive this.
  ConnectionClient(AddressLimits& limits, const ProxyPolicy& policy, const asio::ip::address& peer);
  ~ConnectionClient();
  ConnectionClient(const ConnectionClient&) = delete;
  ConnectionClient& operator=(const ConnectionClient&) = delete;

  const asio::ip::address& address() const { return client_; }

  // A PROXY header says whose it is. False: it begins too many.
  bool Name(const asio::ip::address& client);
  // TLS is done, where there is any: the connection counts for its client, if that is known.
  void Open(AddressLimits::Slot& slot);
  // A request has come, which may say whom it is from. False: that one has too many connections.
  bool Request(AddressLimits::Slot& slot, const HttpRequest& request);

  // Whether the request names a client that nobody trusted vouches for.
  bool Ignores(const HttpRequest& request) const;
  // The client is a trusted proxy, for want of somebody that it names.
  bool IsProxy() const { return IsTrusted(client_); }

 private:
  bool IsTrusted(const asio::ip::address& address) const {
    return policy_.trusted.Contains(ToIpAddress(address));
  }
  void EndHandshake();

  AddressLimits& limits_;
  const ProxyPolicy& policy_;
  asio::ip::address sender_;  // the peer, or whom a PROXY header names: who sends requests
  asio::ip::address client_;
  bool half_open_;
  // The connection has been counted for client_, or refused.
  bool counted_ = false;
  bool refused_ = false;
};

}  // namespace ferry::gateway
