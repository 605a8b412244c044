// A connection's place in an AddressGate.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <utility>

#include "net/address_gate.h"

namespace ferry::net {

// Holds what the gate has admitted until it is released, destroyed, assigned over or moved from.
class Admission {
 public:
  // The gate may be null, which admits all, and outlives this.
  explicit Admission(AddressGate* gate = nullptr) : gate_(gate) {}
  ~Admission() { Release(); }
  Admission(Admission&& other) noexcept { *this = std::move(other); }
  Admission& operator=(Admission&& other) noexcept {
    std::swap(gate_, other.gate_);
    std::swap(address_, other.address_);
    return *this;
  }

  // Whether the address, known to be the client's, may come in. Asks the gate once.
  bool Take(const boost::asio::ip::address& address) {
    if (gate_ == nullptr || address_) return true;
    if (!gate_->Admit(address)) return false;
    address_ = address;
    return true;
  }
  void Release() {
    if (address_) gate_->Release(*std::exchange(address_, std::nullopt));
  }

 private:
  AddressGate* gate_ = nullptr;
  std::optional<boost::asio::ip::address> address_;  // that the gate has admitted
};

}  // namespace ferry::net
