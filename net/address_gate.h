// Who may begin another connection: limits per remote address, asked by every listener.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace ferry::net {

// Shared by the listeners of all workers: safe to call from any thread.
class AddressGate {
 public:
  virtual ~AddressGate() = default;
  // Whether `address` may have one more half-open handshake now. Every true is followed by one
  // Release, when the handshake is done or has failed.
  virtual bool Admit(const boost::asio::ip::address& address) = 0;
  virtual void Release(const boost::asio::ip::address& address) = 0;
};

}  // namespace ferry::net
