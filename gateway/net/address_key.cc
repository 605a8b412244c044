#include "gateway/net/address_key.h"

#include <string>

namespace ferry::gateway {
namespace {

uint64_t BigEndian(const uint8_t* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

AddressKey AddressKey::Of(const asio::ip::address& address) {
  if (address.is_v4()) return {false, address.to_v4().to_uint()};
  const auto bytes = address.to_v6().to_bytes();
  if (address.to_v6().is_v4_mapped()) return {false, BigEndian(&bytes[12], 4)};
  return {true, BigEndian(bytes.data(), 8)};
}

AddressKey AddressKey::OfText(std::string_view address) {
  error_code error;
  const auto parsed = asio::ip::make_address(std::string(address), error);
  return error ? AddressKey{} : Of(parsed);
}

}  // namespace ferry::gateway
