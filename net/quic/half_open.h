// One handshake that is not done, counted wherever such are limited.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <memory>
#include <utility>

#include "net/address_gate.h"

namespace ferry::net {

// Counts from when it is made until it is destroyed, assigned over or moved from.
class HalfOpen {
 public:
  HalfOpen() = default;
  // The gate, which may be null, has admitted the address.
  HalfOpen(std::shared_ptr<size_t> count, AddressGate* gate,
           const boost::asio::ip::address& address)
      : count_(std::move(count)), gate_(gate), address_(address) {
    ++*count_;
  }
  ~HalfOpen() {
    if (!count_) return;
    --*count_;
    if (gate_ != nullptr) gate_->Release(address_);
  }
  HalfOpen(HalfOpen&& other) noexcept { *this = std::move(other); }
  HalfOpen& operator=(HalfOpen&& other) noexcept {
    std::swap(count_, other.count_);
    std::swap(gate_, other.gate_);
    std::swap(address_, other.address_);
    return *this;
  }

 private:
  std::shared_ptr<size_t> count_;
  AddressGate* gate_ = nullptr;
  boost::asio::ip::address address_;
};

}  // namespace ferry::net
