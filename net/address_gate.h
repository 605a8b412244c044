// Who may begin another connection: limits per remote address, asked by every listener.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace ferry::net {

// Shared by the listeners of all workers: safe to call from any thread.
class AddressGate {
 public:
  virtual ~AddressGate() = default;
  // Whether `address` may have one more half-open handshake now. Every true is followed by one
  // Release, when the handshake is done or has failed; over QUIC, whose handshake carries no
  // request, when it has become a session or ended.
  virtual bool Admit(const boost::asio::ip::address& address) = 0;
  virtual void Release(const boost::asio::ip::address& address) = 0;
  // What Admit would answer, without counting anything: for an address that may be forged.
  virtual bool WouldAdmit(const boost::asio::ip::address& address) = 0;
};

}  // namespace ferry::net
