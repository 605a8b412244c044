// Clients for tests, over WebSocket and WebTransport: same io_context as the gateway they talk to,
// nothing blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/net/asio.h"
#include "net/connection.h"
#include "net/tls_options.h"

namespace ferry::gateway::testing {

class TestClient {
 public:
  struct Options {
    std::string path = "/rtc/v1";
    std::string protocol = "ferry.v1";
    std::string origin = "";         // of the page; empty: none
    std::string before = "";         // bytes that go before TLS
    std::string forwarded_for = "";  // X-Forwarded-For; empty: none
    bool read = true;                // false: never reads a byte after the handshake
    int receive_buffer_bytes = 0;    // 0: the system's
    // Of WebSocket alone are all of the above but `path`.
    net::TransportKind transport = net::TransportKind::kWebSocket;
    // Of WebTransport alone: what the gateway's certificate must be; none: anything.
    std::vector<net::CertificateHash> pinned = {};
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

std::shared_ptr<TestClient> MakeWebSocketTestClient(asio::io_context& io, uint16_t port,
                                                    const TestClient::Options& options);

// nullptr where WebTransport is not built in.
std::shared_ptr<TestClient> MakeWebTransportTestClient(asio::io_context& io, uint16_t port,
                                                       const TestClient::Options& options);

}  // namespace ferry::gateway::testing
