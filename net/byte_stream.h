// What a WebSocket is carried by: TLS, or plain TCP where a proxy in front has ended the TLS.
#pragma once

#include <boost/asio/ssl/stream.hpp>
#include <utility>
#include <variant>

#include "net/asio.h"

namespace ferry::net {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

// A stream as Asio and Beast read and write them. Begins as plain TCP.
class ByteStream {
 public:
  using executor_type = boost::asio::ip::tcp::socket::executor_type;

  explicit ByteStream(boost::asio::ip::tcp::socket socket) : stream_(std::move(socket)) {}
  explicit ByteStream(TlsStream stream) : stream_(std::move(stream)) {}

  // From now on it is TLS, whose handshake is the next thing to do. Once, with nothing under way.
  void StartTls(boost::asio::ssl::context& context) {
    auto plain = std::move(std::get<boost::asio::ip::tcp::socket>(stream_));
    stream_.emplace<TlsStream>(std::move(plain), context);
  }
  // nullptr: plain TCP.
  TlsStream* tls() { return std::get_if<TlsStream>(&stream_); }
  boost::asio::ip::tcp::socket& socket() {
    TlsStream* secure = tls();
    return secure != nullptr ? secure->next_layer()
                             : std::get<boost::asio::ip::tcp::socket>(stream_);
  }
  executor_type get_executor() { return socket().get_executor(); }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    TlsStream* secure = tls();
    return secure != nullptr ? secure->async_read_some(buffers, std::forward<Token>(token))
                             : socket().async_read_some(buffers, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    TlsStream* secure = tls();
    return secure != nullptr ? secure->async_write_some(buffers, std::forward<Token>(token))
                             : socket().async_write_some(buffers, std::forward<Token>(token));
  }

  // Says that nothing more will be written; over TLS, waits until the other side has said so too.
  boost::asio::awaitable<void> Shutdown(error_code& error) {
    if (TlsStream* secure = tls()) {
      co_await secure->async_shutdown(Into(error));
    } else {
      socket().shutdown(asio::socket_base::shutdown_send, error);
    }
  }

 private:
  std::variant<boost::asio::ip::tcp::socket, TlsStream> stream_;
};

}  // namespace ferry::net
