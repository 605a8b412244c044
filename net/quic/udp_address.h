// UDP addresses as the kernel has them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/ip/udp.hpp>
#include <cstring>
#include <string>

namespace ferry::net {

struct UdpAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6{};
  };
  socklen_t size = 0;

  static UdpAddress From(const boost::asio::ip::udp::endpoint& endpoint) {
    return From(endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  }
  // Done for every packet, as the comparison is: copies of a known size need no call.
  static UdpAddress From(const sockaddr* address, socklen_t length) {
    UdpAddress out;
    if (length == sizeof(out.v4)) {
      std::memcpy(&out.v4, address, sizeof(out.v4));
    } else if (length >= sizeof(out.v6)) {
      length = sizeof(out.v6);
      std::memcpy(&out.v6, address, sizeof(out.v6));
    } else {
      std::memcpy(&out.v6, address, length);
    }
    out.size = length;
    return out;
  }

  // What `size` leaves is zero.
  bool operator==(const UdpAddress& other) const {
    return size == other.size && std::memcmp(&v6, &other.v6, sizeof(v6)) == 0;
  }
  // IPv4 on the wire, whatever the family of the socket.
  bool is_v4() const { return any.sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr); }
  uint16_t port() const { return ntohs(any.sa_family == AF_INET ? v4.sin_port : v6.sin6_port); }
  // An IPv4-mapped address comes out as IPv4.
  boost::asio::ip::address ip() const;
  std::string Text() const { return ip().to_string(); }
};

// The two ends of a packet's way.
struct UdpPath {
  UdpAddress local;  // ours; of size 0 where it is left to the kernel
  UdpAddress remote;

  bool operator==(const UdpPath&) const = default;
};

}  // namespace ferry::net
