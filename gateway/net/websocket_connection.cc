#include "gateway/net/websocket_connection.h"

#include <array>
#include <boost/beast/core/flat_buffer.hpp>

namespace ferry::gateway {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

// A timer that only ever ends by being cancelled.
constexpr auto kNever = std::chrono::steady_clock::time_point::max();

}  // namespace

WebSocketConnection::WebSocketConnection(TlsStream stream, std::string remote_address)
    : stream_(std::move(stream)),
      remote_address_(std::move(remote_address)),
      wake_(stream_.get_executor(), kNever),
      writer_done_(stream_.get_executor(), kNever),
      close_timer_(stream_.get_executor()) {
  // The limits of silence are the session's; here only the handshake has one.
  beast::get_lowest_layer(stream_).expires_never();
  stream_.set_option(websocket::stream_base::timeout{std::chrono::seconds(10),
                                                     websocket::stream_base::none(), false});
  stream_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
    response.set(beast::http::field::sec_websocket_protocol,
                 beast::string_view(kWebSocketProtocol.data(), kWebSocketProtocol.size()));
  }));
  stream_.read_message_max(net::kMaxControlBytes);
  stream_.auto_fragment(false);
}

asio::awaitable<void> WebSocketConnection::Run(const HttpRequest& request,
                                               const net::HandlerFactory& make_handler) {
  const auto self = shared_from_this();
  error_code error;
  co_await stream_.async_accept(request, Into(error));
  if (error) co_return;
  handler_ = make_handler(*this);
  asio::co_spawn(
      stream_.get_executor(), [self] { return self->Write(); }, asio::detached);
  const net::ConnectionEnd end = co_await Read();
  ended_ = true;
  handler_->OnClosed(end);
  wake_.cancel();
  if (!end.clean) co_await Linger();
  CutOff();
  // A write under way uses the handler's bytes.
  while (!writer_ended_) co_await writer_done_.async_wait(Into(error));
  close_timer_.cancel();
  handler_.reset();
}

asio::awaitable<net::ConnectionEnd> WebSocketConnection::Read() {
  beast::flat_buffer buffer;
  for (;;) {
    error_code error;
    co_await stream_.async_read(buffer, Into(error));
    if (error == websocket::error::closed) {
      co_return net::ConnectionEnd{true, stream_.reason().code,
                                   "closed with code " + std::to_string(stream_.reason().code)};
    }
    if (error) co_return net::ConnectionEnd{false, 0, error.message()};
    const auto bytes = buffer.cdata();
    if (stream_.got_text()) {
      handler_->OnControl({static_cast<const char*>(bytes.data()), bytes.size()});
    } else {
      handler_->OnMedia({static_cast<const uint8_t*>(bytes.data()), bytes.size()});
    }
    buffer.clear();
  }
}

// A socket closed with bytes unread is reset, and the client may never see the close frame that
// told it what was wrong: read what is under way, for a short while.
asio::awaitable<void> WebSocketConnection::Linger() {
  auto& socket = beast::get_lowest_layer(stream_).socket();
  error_code error;
  socket.shutdown(asio::socket_base::shutdown_send, error);
  asio::co_spawn(
      stream_.get_executor(), [self = shared_from_this()] { return self->CutOffAfterTimeout(); },
      asio::detached);
  std::array<char, 4096> discarded;
  while (!error) co_await socket.async_receive(asio::buffer(discarded), Into(error));
}

asio::awaitable<void> WebSocketConnection::Write() {
  const auto self = shared_from_this();
  error_code error;
  while (co_await WriteWaiting()) {
    if (close_) {
      co_await stream_.async_close(*close_, Into(error));
      break;
    }
    writer_waits_ = true;
    co_await wake_.async_wait(Into(error));
    writer_waits_ = false;
  }
  writer_ended_ = true;
  writer_done_.cancel();
}

// Writes until nothing waits; false when the connection has ended.
asio::awaitable<bool> WebSocketConnection::WriteWaiting() {
  net::OutgoingFrame frame;
  while (!ended_ && handler_->NextFrame(frame)) {
    stream_.text(frame.control);
    error_code error;
    co_await stream_.async_write(asio::buffer(frame.bytes.data(), frame.bytes.size()), Into(error));
    if (error) {
      CutOff();  // ends the reader too
      co_return false;
    }
  }
  co_return !ended_;
}

void WebSocketConnection::Wake() {
  if (writer_waits_) wake_.cancel();
}

void WebSocketConnection::Close(uint16_t code, std::string_view reason) {
  if (close_) return;
  close_.emplace(static_cast<websocket::close_code>(code),
                 beast::string_view(reason.data(), reason.size()));
  Wake();
  asio::co_spawn(
      stream_.get_executor(), [self = shared_from_this()] { return self->CutOffAfterTimeout(); },
      asio::detached);
}

asio::awaitable<void> WebSocketConnection::CutOffAfterTimeout() {
  const auto self = shared_from_this();
  close_timer_.expires_after(kCloseTimeout);
  error_code error;
  co_await close_timer_.async_wait(Into(error));
  if (!error) CutOff();
}

void WebSocketConnection::CutOff() {
  error_code ignored;
  beast::get_lowest_layer(stream_).socket().close(ignored);
}

}  // namespace ferry::gateway
