// Addresses as logs and limits show them.
#pragma once

#include <string>

#include "net/asio.h"

namespace ferry::net {

// Without the port; an IPv4 address mapped into IPv6 as IPv4.
inline std::string AddressText(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  }
  return address.to_string();
}

}  // namespace ferry::net
