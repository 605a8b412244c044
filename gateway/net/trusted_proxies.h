// The reverse proxies that may say whom they speak for (docs/reverse-proxies.md).
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "gateway/net/ip_address.h"

namespace ferry::gateway {

class TrustedProxies {
 public:
  // Nobody.
  TrustedProxies() = default;
  // Of addresses ("192.0.2.7", "2001:db8::1") and networks ("10.0.0.0/8", "2001:db8::/32").
  static Result<TrustedProxies> Parse(const std::vector<std::string>& list);

  bool Contains(const IpAddress& address) const;
  bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    IpAddress base;
    size_t prefix_bits;
  };
  std::vector<Network> networks_;
};

}  // namespace ferry::gateway
