// What limits of an address count by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/net/asio.h"

namespace ferry::gateway {

// An IPv4 address, mapped into IPv6 or not; or the /64 of an IPv6 address, which is what one
// customer is given.
struct AddressKey {
  bool v6 = false;
  uint64_t bits = 0;

  static AddressKey Of(const asio::ip::address& address);
  // What is no address counts as 0.0.0.0.
  static AddressKey OfText(std::string_view address);
  // The /48 of an IPv6 address.
  uint64_t network() const { return bits >> 16; }
  auto operator<=>(const AddressKey&) const = default;
};

}  // namespace ferry::gateway
