#include "gateway/net/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace ferry::gateway {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

IpAddress IpAddress::V4(ByteSpan four) {
  IpAddress address;
  std::ranges::copy(kMapped, address.bytes.begin());
  std::copy_n(four.begin(), 4, address.bytes.begin() + kMapped.size());
  return address;
}

IpAddress IpAddress::V6(ByteSpan sixteen) {
  IpAddress address;
  std::copy_n(sixteen.begin(), address.bytes.size(), address.bytes.begin());
  return address;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  // A zero within would end the copy early.
  if (text.size() >= INET6_ADDRSTRLEN || text.contains('\0')) return std::nullopt;
  const std::string copy(text);
  std::array<uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) return V4(ByteSpan(bytes).first(4));
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return V6(bytes);
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::ranges::equal(kMapped, std::span(bytes).first<12>()); }

std::string IpAddress::Text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + kMapped.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  }
  return text.data();
}

}  // namespace ferry::gateway
