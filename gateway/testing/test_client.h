// Clients for tests, over WebSocket and WebTransport: same io_context as the gateway they talk to,
// nothing blocks.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gateway/net/asio.h"
#include "net/connection.h"

namespace ferry::gateway::testing {

class TestClient {
 public:
  struct Options {
    std::string path = "/rtc/v1";
    std::string protocol = "ferry.v1";
    std::string origin = "";       // of the page; empty: none
    bool read = true;              // false: never reads a byte after the handshake
    int receive_buffer_bytes = 0;  // 0: the system's
    // Of WebSocket alone are all of the above but `path`.
    net::TransportKind transport = net::TransportKind::kWebSocket;
  };

  virtual ~TestClient() = default;

  // Begins; `open` or `failed` follows.
  virtual void Start() = 0;
  void Send(const nlohmann::json& message) { SendText(message.dump()); }
  void SendText(std::string text) { Queue({true, {text.begin(), text.end()}}); }
  void SendBinary(std::vector<uint8_t> bytes) { Queue({false, std::move(bytes)}); }
  // Begins the closing handshake.
  virtual void Close(uint16_t code = 1000) = 0;
  // Ends the connection without a word.
  virtual void Abort() = 0;

  // The first message that has all members of `wanted`, or null.
  nlohmann::json Find(const nlohmann::json& wanted) const;
  bool Has(const nlohmann::json& wanted) const { return !Find(wanted).is_null(); }
  // To acknowledge.
  uint64_t LastSequence() const;

  bool open = false;
  bool failed = false;  // before it was open
  bool closed = false;
  unsigned http_status = 0;  // of a refused upgrade
  int close_code = 0;        // 0: without a closing handshake
  std::string close_reason;
  std::vector<nlohmann::json> messages;
  std::vector<std::vector<uint8_t>> packets;

 protected:
  struct Frame {
    bool text;
    std::vector<uint8_t> bytes;
  };
  virtual void Queue(Frame frame) = 0;
  void Received(bool text, ByteSpan bytes);
};

class WebSocketTestClient final : public TestClient,
                                  public std::enable_shared_from_this<WebSocketTestClient> {
 public:
  WebSocketTestClient(asio::io_context& io, uint16_t port, Options options);

  void Start() override;
  void Close(uint16_t code) override;
  void Abort() override;

 private:
  using Tls = asio::ssl::stream<boost::beast::tcp_stream>;

  void Queue(Frame frame) override;
  asio::awaitable<void> Run();
  asio::awaitable<void> Write();

  asio::io_context& io_;
  const uint16_t port_;
  const Options options_;
  asio::ssl::context tls_;
  boost::beast::websocket::stream<Tls> stream_;
  std::deque<Frame> out_;
  bool writing_ = false;
};

// nullptr where WebTransport is not built in.
std::shared_ptr<TestClient> MakeWebTransportTestClient(asio::io_context& io, uint16_t port,
                                                       const TestClient::Options& options);

}  // namespace ferry::gateway::testing
