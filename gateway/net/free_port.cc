#include "gateway/net/free_port.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include "gateway/net/asio.h"

namespace ferry::gateway {
namespace {

// Some of the system's ephemeral ports are taken on one side; so many in a row are not.
constexpr int kAttempts = 32;

template <typename Socket, typename Protocol>
error_code Bind(Socket& socket, Protocol protocol, const asio::ip::address& ip, uint16_t port) {
  error_code error;
  socket.open(protocol, error);
  if (!error && ip.is_v6()) socket.set_option(asio::ip::v6_only(false), error);
  if (!error) socket.bind({ip, port}, error);
  return error;
}

}  // namespace

Result<uint16_t> FindFreePort(const std::string& address) {
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot listen on \"" + address + "\": not an address");
  }
  asio::io_context io;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    asio::ip::tcp::socket tcp(io);
    error = Bind(tcp, ip.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), ip, 0);
    if (error && ip == asio::ip::address_v6::any()) return FindFreePort("0.0.0.0");
    if (error) break;
    const uint16_t port = tcp.local_endpoint().port();
    asio::ip::udp::socket udp(io);
    error = Bind(udp, ip.is_v6() ? asio::ip::udp::v6() : asio::ip::udp::v4(), ip, port);
    if (!error) return port;
  }
  return Fail(ErrorCode::kInvalidArgument,
              "cannot find a free port on " + address + ": " + error.message());
}

}  // namespace ferry::gateway
