#include "gateway/net/proxy_preface.h"

#include <array>
#include <utility>

#include "gateway/net/proxy_protocol.h"

namespace ferry::gateway {
namespace {

using State = ProxyHeaderParser::State;

std::unexpected<Error> Refused(std::string_view why) {
  return Fail(ErrorCode::kInvalidArgument, why);
}

}  // namespace

IpAddress ToIpAddress(const asio::ip::address& address) {
  return address.is_v4() ? IpAddress::V4(address.to_v4().to_bytes())
                         : IpAddress::V6(address.to_v6().to_bytes());
}

asio::ip::address ToAsio(const IpAddress& address) {
  const asio::ip::address_v6 v6(address.bytes);
  if (!address.is_v4()) return v6;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, v6);
}

asio::awaitable<Result<ProxyPreface>> ReadProxyPreface(asio::ip::tcp::socket& socket,
                                                       const asio::ip::address& peer,
                                                       const ProxyPolicy& policy) {
  const bool trusted = policy.trusted.Contains(ToIpAddress(peer));
  ProxyPreface preface{.client = peer};
  ProxyHeaderParser parser;
  std::array<uint8_t, 512> buffer;
  error_code error;
  socket.non_blocking(true, error);
  while (parser.state() == State::kMore) {
    co_await socket.async_wait(asio::socket_base::wait_read, Into(error));
    if (error) co_return Fail(ErrorCode::kNotFound, error.message());
    // Looked at before it is taken: what is not the header's stays for TLS, which reads the socket.
    const size_t size =
        socket.receive(asio::buffer(buffer), asio::socket_base::message_peek, error);
    if (error == asio::error::would_block || error == asio::error::try_again) continue;
    if (error) co_return Fail(ErrorCode::kNotFound, error.message());
    const ByteSpan bytes = ByteSpan(buffer).first(size);
    if (!trusted || !policy.proxy_protocol) {
      if (!ProxyHeaderParser::IsHeader(bytes)) co_return preface;
      co_return trusted ? Refused("proxy-protocol is off")
                        : Refused("the sender is not among trusted-proxies");
    }
    const size_t taken = parser.Take(bytes);
    socket.receive(asio::buffer(buffer, taken), 0, error);
    if (error) co_return Fail(ErrorCode::kNotFound, error.message());
  }
  if (parser.state() == State::kMalformed) {
    co_return Fail(ErrorCode::kMalformed, parser.fault());
  }
  if (parser.source()) {
    preface.client = ToAsio(*parser.source());
    preface.named = true;
  }
  if (parser.state() == State::kAbsent) {
    preface.begin.assign(parser.taken().begin(), parser.taken().end());
  }
  co_return preface;
}

}  // namespace ferry::gateway
