#include "gateway/testing/test_client.h"

namespace ferry::gateway::testing {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

TestClient::TestClient(asio::io_context& io, uint16_t port, Options options)
    : io_(io),
      port_(port),
      options_(std::move(options)),
      tls_(asio::ssl::context::tls_client),
      stream_(io, tls_) {}

void TestClient::Start() {
  asio::co_spawn(
      io_, [self = shared_from_this()] { return self->Run(); }, asio::detached);
}

asio::awaitable<void> TestClient::Run() {
  const auto self = shared_from_this();
  error_code error;
  auto& socket = beast::get_lowest_layer(stream_).socket();
  socket.open(asio::ip::tcp::v4());
  if (options_.receive_buffer_bytes > 0) {
    socket.set_option(asio::socket_base::receive_buffer_size(options_.receive_buffer_bytes));
  }
  co_await socket.async_connect({asio::ip::address_v4::loopback(), port_}, Into(error));
  if (!error) {
    co_await stream_.next_layer().async_handshake(asio::ssl::stream_base::client, Into(error));
  }
  if (!error) {
    stream_.set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
      if (!options_.protocol.empty()) {
        request.set(beast::http::field::sec_websocket_protocol, options_.protocol);
      }
      if (!options_.origin.empty()) request.set(beast::http::field::origin, options_.origin);
    }));
    stream_.auto_fragment(false);
    websocket::response_type response;
    co_await stream_.async_handshake(response, "localhost", options_.path, Into(error));
    http_status = response.result_int();
  }
  if (error) {
    failed = true;
    co_return;
  }
  open = true;
  if (!out_.empty())
    asio::co_spawn(
        io_, [self] { return self->Write(); }, asio::detached);
  if (!options_.read) co_return;
  beast::flat_buffer buffer;
  for (;;) {
    co_await stream_.async_read(buffer, Into(error));
    if (error) break;
    const auto* data = static_cast<const uint8_t*>(buffer.cdata().data());
    if (stream_.got_text()) {
      messages.push_back(nlohmann::json::parse(data, data + buffer.size()));
    } else {
      packets.emplace_back(data, data + buffer.size());
    }
    buffer.clear();
  }
  if (error == websocket::error::closed) close_code = stream_.reason().code;
  closed = true;
  error_code ignored;
  socket.close(ignored);
}

void TestClient::Queue(Frame frame) {
  out_.push_back(std::move(frame));
  if (open && !writing_) {
    asio::co_spawn(
        io_, [self = shared_from_this()] { return self->Write(); }, asio::detached);
  }
}

asio::awaitable<void> TestClient::Write() {
  const auto self = shared_from_this();
  if (writing_) co_return;
  writing_ = true;
  error_code error;
  while (!error && !out_.empty()) {
    const Frame frame = std::move(out_.front());
    out_.pop_front();
    stream_.text(frame.text);
    co_await stream_.async_write(asio::buffer(frame.bytes), Into(error));
  }
  writing_ = false;
}

void TestClient::Close() {
  asio::co_spawn(
      io_,
      [self = shared_from_this()]() -> asio::awaitable<void> {
        error_code error;
        co_await self->stream_.async_close(websocket::close_code::normal, Into(error));
      },
      asio::detached);
}

void TestClient::Abort() {
  error_code ignored;
  beast::get_lowest_layer(stream_).socket().close(ignored);
}

nlohmann::json TestClient::Find(const nlohmann::json& wanted) const {
  for (const auto& message : messages) {
    bool matches = true;
    for (const auto& [name, value] : wanted.items()) {
      matches = matches && message.contains(name) && message[name] == value;
    }
    if (matches) return message;
  }
  return nullptr;
}

}  // namespace ferry::gateway::testing
