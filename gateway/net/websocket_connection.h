// A client over WebSocket (RFC 6455, docs/protocol.md §1): text frames are control messages, binary
// frames media packets.
#pragma once

#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/units.h"
#include "gateway/net/asio.h"
#include "gateway/net/http.h"
#include "net/connection.h"

namespace ferry::gateway {

using TlsStream = boost::asio::ssl::stream<boost::beast::tcp_stream>;

inline constexpr std::string_view kWebSocketPath = "/rtc/v1";
inline constexpr std::string_view kWebSocketProtocol = "ferry.v1";

class WebSocketConnection final : public net::Connection,
                                  public std::enable_shared_from_this<WebSocketConnection> {
 public:
  // Time for what still waits to be written and for the closing handshake.
  static constexpr auto kCloseTimeout = std::chrono::milliseconds(1000);

  WebSocketConnection(TlsStream stream, std::string remote_address);

  // Accepts the upgrade and lives until the connection has ended.
  boost::asio::awaitable<void> Run(const HttpRequest& request,
                                   const net::HandlerFactory& make_handler);

  void Wake() override;
  void Close(uint16_t code, std::string_view reason) override;
  void Abort() override { CutOff(); }
  net::TransportKind transport() const override { return net::TransportKind::kWebSocket; }
  bool reliable() const override { return true; }
  const std::string& remote_address() const override { return remote_address_; }

 private:
  boost::asio::awaitable<net::ConnectionEnd> Read();
  boost::asio::awaitable<void> Write();
  boost::asio::awaitable<bool> WriteWaiting();
  boost::asio::awaitable<void> Linger();
  boost::asio::awaitable<void> CutOffAfterTimeout();
  void CutOff();

  boost::beast::websocket::stream<TlsStream> stream_;
  const std::string remote_address_;
  std::unique_ptr<net::ConnectionHandler> handler_;
  boost::asio::steady_timer wake_;         // cancelled to wake the writer
  boost::asio::steady_timer writer_done_;  // cancelled when the writer has ended
  boost::asio::steady_timer close_timer_;
  bool writer_waits_ = false;
  bool writer_ended_ = false;
  bool ended_ = false;
  std::optional<boost::beast::websocket::close_reason> close_;
};

}  // namespace ferry::gateway
