#include "gateway/net/free_port.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <type_traits>

#include "gateway/net/asio.h"

namespace ferry::gateway {
namespace {

// Some of the system's ephemeral ports are taken on one side; so many in a row are not.
constexpr int kAttempts = 32;

template <typename Socket>
error_code Bind(Socket& socket, const asio::ip::address& ip, uint16_t port) {
  using Protocol = typename Socket::protocol_type;
  error_code error;
  socket.open(ip.is_v6() ? Protocol::v6() : Protocol::v4(), error);
  if (!error && ip.is_v6()) socket.set_option(asio::ip::v6_only(false), error);
  // Connections of a gateway that has just ended are in nobody's way; one that listens is.
  if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
    if (!error) socket.set_option(asio::socket_base::reuse_address(true), error);
  }
  if (!error) socket.bind({ip, port}, error);
  return error;
}

}  // namespace

Result<uint16_t> FindFreePort(const std::string& address, uint16_t wanted, bool with_udp) {
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot listen on \"" + address + "\": not an address");
  }
  asio::io_context io;
  for (int attempt = 0; attempt < (wanted == 0 ? kAttempts : 1); ++attempt) {
    asio::ip::tcp::socket tcp(io);
    error = Bind(tcp, ip, wanted);
    const bool no_ipv6 = error == asio::error::address_family_not_supported ||
                         error == boost::system::errc::address_not_available;
    if (no_ipv6 && ip == asio::ip::address_v6::any()) {
      return FindFreePort("0.0.0.0", wanted, with_udp);
    }
    if (error) break;
    const uint16_t port = tcp.local_endpoint().port();
    if (!with_udp) return port;
    asio::ip::udp::socket udp(io);
    error = Bind(udp, ip, port);
    if (!error) return port;
  }
  return Fail(ErrorCode::kInvalidArgument,
              "cannot listen on " + address +
                  (wanted == 0 ? ", any port: " : " port " + std::to_string(wanted) + ": ") +
                  error.message());
}

}  // namespace ferry::gateway
