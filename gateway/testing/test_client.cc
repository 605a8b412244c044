#include "gateway/testing/test_client.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <deque>

namespace ferry::gateway::testing {

namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace {

class WebSocketTestClient final : public TestClient,
                                  public std::enable_shared_from_this<WebSocketTestClient> {
 public:
  WebSocketTestClient(asio::io_context& io, uint16_t port, Options options);

  void Start() override;
  void Close(uint16_t code) override;
  void Abort() override;

 private:
  using Tls = asio::ssl::stream<beast::tcp_stream>;

  void Queue(Frame frame) override;
  asio::awaitable<void> Run();
  asio::awaitable<void> Write();

  asio::io_context& io_;
  const uint16_t port_;
  const Options options_;
  asio::ssl::context tls_;
  beast::websocket::stream<Tls> stream_;
  std::deque<Frame> out_;
  bool writing_ = false;
};

WebSocketTestClient::WebSocketTestClient(asio::io_context& io, uint16_t port, Options options)
    : io_(io),
      port_(port),
      options_(std::move(options)),
      tls_(asio::ssl::context::tls_client),
      stream_(io, tls_) {}

void WebSocketTestClient::Start() {
  asio::co_spawn(
      io_, [self = shared_from_this()] { return self->Run(); }, asio::detached);
}

asio::awaitable<void> WebSocketTestClient::Run() {
  const auto self = shared_from_this();
  error_code error;
  auto& socket = beast::get_lowest_layer(stream_).socket();
  socket.open(asio::ip::tcp::v4());
  if (options_.receive_buffer_bytes > 0) {
    socket.set_option(asio::socket_base::receive_buffer_size(options_.receive_buffer_bytes));
  }
  co_await socket.async_connect({asio::ip::address_v4::loopback(), port_}, Into(error));
  if (!error) co_await asio::async_write(socket, asio::buffer(options_.before), Into(error));
  if (!error) {
    co_await stream_.next_layer().async_handshake(asio::ssl::stream_base::client, Into(error));
  }
  if (!error) {
    stream_.set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
      if (!options_.protocol.empty()) {
        request.set(beast::http::field::sec_websocket_protocol, options_.protocol);
      }
      if (!options_.origin.empty()) request.set(beast::http::field::origin, options_.origin);
      if (!options_.forwarded_for.empty()) {
        request.set("X-Forwarded-For", options_.forwarded_for);
      }
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
    Received(stream_.got_text(),
             {static_cast<const uint8_t*>(buffer.cdata().data()), buffer.size()});
    buffer.clear();
  }
  if (error == websocket::error::closed) {
    close_code = stream_.reason().code;
    close_reason.assign(stream_.reason().reason.data(), stream_.reason().reason.size());
  }
  closed = true;
  error_code ignored;
  socket.close(ignored);
}

void WebSocketTestClient::Queue(Frame frame) {
  out_.push_back(std::move(frame));
  if (open && !writing_) {
    asio::co_spawn(
        io_, [self = shared_from_this()] { return self->Write(); }, asio::detached);
  }
}

asio::awaitable<void> WebSocketTestClient::Write() {
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

void WebSocketTestClient::Close(uint16_t code) {
  asio::co_spawn(
      io_,
      [self = shared_from_this(), code]() -> asio::awaitable<void> {
        error_code error;
        const websocket::close_reason reason(code);
        co_await self->stream_.async_close(reason, Into(error));
      },
      asio::detached);
}

void WebSocketTestClient::Abort() {
  error_code ignored;
  beast::get_lowest_layer(stream_).socket().close(ignored);
}

}  // namespace

std::shared_ptr<TestClient> MakeWebSocketTestClient(asio::io_context& io, uint16_t port,
                                                    const TestClient::Options& options) {
  return std::make_shared<WebSocketTestClient>(io, port, options);
}

void TestClient::Received(bool text, ByteSpan bytes) {
  if (text) {
    messages.push_back(nlohmann::json::parse(bytes.begin(), bytes.end()));
  } else {
    packets.emplace_back(bytes.begin(), bytes.end());
  }
}

uint64_t TestClient::LastSequence() const {
  uint64_t last = 0;
  for (const auto& message : messages) last = std::max(last, message.value("seq", uint64_t{0}));
  return last;
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
