#include "gateway/net/connection_client.h"

#include <string>

#include "gateway/net/forwarded.h"

namespace ferry::gateway {
namespace {

constexpr const char* kForwardedFor = "X-Forwarded-For";

// All fields of the name, in their order: each proxy adds itself at the end.
std::string ForwardedFor(const HttpRequest& request) {
  std::string all;
  const auto [begin, end] = request.equal_range(kForwardedFor);
  for (auto field = begin; field != end; ++field) {
    if (!all.empty()) all += ',';
    all.append(field->value().data(), field->value().size());
  }
  return all;
}

}  // namespace

bool ConnectionClient::IsCharged(const asio::ip::address& peer, const ProxyPolicy& policy) {
  return !policy.trusted.Contains(ToIpAddress(peer));
}

ConnectionClient::ConnectionClient(AddressLimits& limits, const ProxyPolicy& policy,
                                   const asio::ip::address& peer)
    : limits_(limits),
      policy_(policy),
      sender_(peer),
      client_(peer),
      half_open_(IsCharged(peer, policy)) {}

ConnectionClient::~ConnectionClient() { EndHandshake(); }

void ConnectionClient::EndHandshake() {
  if (half_open_) limits_.Release(client_);
  half_open_ = false;
}

bool ConnectionClient::Name(const asio::ip::address& client) {
  sender_ = client;
  client_ = client;
  if (IsTrusted(client)) return true;  // a proxy behind the other, which may name somebody yet
  half_open_ = limits_.Admit(client);
  return half_open_;
}

void ConnectionClient::Open(AddressLimits::Slot& slot) {
  EndHandshake();
  if (IsTrusted(client_)) return;
  counted_ = true;
  refused_ = !limits_.Identify(slot, client_);
}

bool ConnectionClient::Request(AddressLimits::Slot& slot, const HttpRequest& request) {
  if (!IsTrusted(sender_)) return !refused_;
  const auto client =
      ToAsio(ClientOf(ForwardedFor(request), ToIpAddress(sender_), policy_.trusted));
  if (counted_ && client == client_) return !refused_;
  client_ = client;
  counted_ = true;
  // Who comes through a proxy begins connections no faster than others do.
  const bool admitted = IsTrusted(client) || limits_.Admit(client);
  if (admitted && !IsTrusted(client)) limits_.Release(client);
  refused_ = !admitted || !limits_.Identify(slot, client);
  return !refused_;
}

bool ConnectionClient::Ignores(const HttpRequest& request) const {
  return !IsTrusted(sender_) && request.find(kForwardedFor) != request.end();
}

}  // namespace ferry::gateway
