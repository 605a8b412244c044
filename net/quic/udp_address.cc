#include "net/quic/udp_address.h"

namespace ferry::net {

namespace ip = boost::asio::ip;

ip::address UdpAddress::ip() const {
  if (any.sa_family == AF_INET) return ip::address_v4(ntohl(v4.sin_addr.s_addr));
  ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
  const ip::address_v6 address(bytes, v6.sin6_scope_id);
  if (address.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address);
  return address;
}

}  // namespace ferry::net
