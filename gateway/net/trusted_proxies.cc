#include "gateway/net/trusted_proxies.h"

#include <algorithm>
#include <charconv>

namespace ferry::gateway {
namespace {

// The address with all bits behind the prefix zero.
IpAddress Masked(IpAddress address, size_t prefix_bits) {
  for (size_t i = 0; i < address.bytes.size(); ++i) {
    const size_t kept = std::min<size_t>(8, prefix_bits - std::min(prefix_bits, i * 8));
    address.bytes[i] &= static_cast<uint8_t>(0xFF00 >> kept);
  }
  return address;
}

std::unexpected<Error> Bad(const std::string& text, const std::string& why) {
  return Fail(ErrorCode::kInvalidArgument, "\"" + text + "\" " + why);
}

}  // namespace

Result<TrustedProxies> TrustedProxies::Parse(const std::vector<std::string>& list) {
  TrustedProxies proxies;
  for (const std::string& text : list) {
    const size_t slash = text.find('/');
    const auto base = IpAddress::Parse(std::string_view(text).substr(0, slash));
    if (!base) {
      return Bad(text, "is neither an address nor a network: write 192.0.2.7 or 10.0.0.0/8");
    }
    const size_t bits =
        base->is_v4() ? IpAddress::kBits - IpAddress::kV4PrefixBits : IpAddress::kBits;
    size_t prefix = bits;
    if (slash != text.npos) {
      const char* begin = text.data() + slash + 1;
      const char* end = text.data() + text.size();
      const auto [stop, error] = std::from_chars(begin, end, prefix);
      if (error != std::errc{} || stop != end || prefix > bits) {
        return Bad(text, "has no prefix length from 0 to " + std::to_string(bits));
      }
    }
    prefix += IpAddress::kBits - bits;
    if (Masked(*base, prefix) != *base) {
      return Bad(text, "names a host, not a network: the bits behind the prefix are not zero");
    }
    proxies.networks_.push_back({*base, prefix});
  }
  return proxies;
}

bool TrustedProxies::Contains(const IpAddress& address) const {
  return std::ranges::any_of(networks_, [&](const Network& network) {
    // All IPv4 addresses lie within "::/0" as we keep them; whoever writes that does not mean them.
    return address.is_v4() == network.base.is_v4() &&
           Masked(address, network.prefix_bits) == network.base;
  });
}

}  // namespace ferry::gateway
