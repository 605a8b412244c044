// Both ends of a connection over real sockets, in one event loop.
#include "net/websocket/websocket_connection.h"

#include <gtest/gtest.h>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "net/testing/certificate.h"
#include "net/websocket/websocket_client.h"

namespace ferry::net {
namespace {

using asio::ip::tcp;

struct Frame {
  bool control;
  std::string bytes;
  bool operator==(const Frame&) const = default;
};

// What one end has received, what it has to send, and how it ended.
struct End {
  std::shared_ptr<Connection> connection;
  std::deque<Frame> to_send;
  std::vector<Frame> received;
  std::optional<ConnectionEnd> end;
  bool done = false;  // Run has returned

  void Send(Frame frame) {
    to_send.push_back(std::move(frame));
    connection->Wake();
  }
};

class Recorder final : public ConnectionHandler {
 public:
  explicit Recorder(End& end) : end_(end) {}
  void OnControl(std::string_view message) override {
    end_.received.push_back({true, std::string(message)});
  }
  void OnMedia(ByteSpan packet) override {
    end_.received.push_back({false, std::string(packet.begin(), packet.end())});
  }
  bool NextFrame(OutgoingFrame& frame) override {
    if (end_.to_send.empty()) return false;
    current_ = std::move(end_.to_send.front());
    end_.to_send.pop_front();
    frame.control = current_.control;
    frame.bytes = {reinterpret_cast<const uint8_t*>(current_.bytes.data()), current_.bytes.size()};
    return true;
  }
  void OnClosed(const ConnectionEnd& end) override { end_.end = end; }

 private:
  End& end_;
  Frame current_;
};

// Fails when it is asked for something to send.
class Failing final : public ConnectionHandler {
 public:
  void OnControl(std::string_view) override {}
  void OnMedia(ByteSpan) override {}
  bool NextFrame(OutgoingFrame&) override { throw std::runtime_error("a bug"); }
  void OnClosed(const ConnectionEnd&) override {}
};

asio::awaitable<void> RunTo(std::shared_ptr<WebSocketConnection> connection, End& end) {
  end.connection = connection;
  co_await connection->Run([&end](Connection&) { return std::make_unique<Recorder>(end); });
  end.done = true;
}

class WebSocketConnectionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_tls.use_certificate_chain(asio::buffer(certificate.certificate));
    server_tls.use_private_key(asio::buffer(certificate.private_key), asio::ssl::context::pem);
    acceptor.open(tcp::v4());
    acceptor.bind({asio::ip::address_v4::loopback(), 0});
    acceptor.listen();
  }
  void TearDown() override {
    for (End* end : {&client, &server}) {
      if (end->connection && !end->done) end->connection->Abort();
    }
    EXPECT_TRUE(Until([&] {
      return (!client.connection || client.done) && (!server.connection || server.done);
    }));
  }

  bool Until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
  }

  // A client of raw bytes: opens a WebSocket, writes `bytes`, and puts what comes into `raw`.
  asio::awaitable<void> RunRaw(std::string bytes) {
    error_code failure;
    co_await raw_stream->next_layer().async_connect(acceptor.local_endpoint(), Into(failure));
    raw_stream->next_layer().set_option(tcp::no_delay(true));
    co_await raw_stream->async_handshake(asio::ssl::stream_base::client, Into(failure));
    const std::string request = UpgradeRequest("localhost", kWebSocketPath, MakeWebSocketKey());
    co_await asio::async_write(*raw_stream, asio::buffer(request), Into(failure));
    std::array<char, 65'536> buffer;
    const size_t answer = co_await raw_stream->async_read_some(asio::buffer(buffer), Into(failure));
    EXPECT_TRUE(std::string_view(buffer.data(), answer).ends_with("\r\n\r\n"));
    if (!bytes.empty()) {
      co_await asio::async_write(*raw_stream, asio::buffer(bytes), Into(failure));
    }
    while (!failure && raw_reads) {
      const size_t size = co_await raw_stream->async_read_some(asio::buffer(buffer), Into(failure));
      raw.append(buffer.data(), size);
      ++raw_records;
    }
    raw_ended = static_cast<bool>(failure);
    if (raw_ended) raw_stream->next_layer().close(failure);
  }
  void ConnectRaw(const std::string& bytes) {
    raw_stream.emplace(io, raw_tls);
    asio::co_spawn(
        io, [this] { return Serve(); }, asio::detached);
    asio::co_spawn(
        io, [this, bytes] { return RunRaw(bytes); }, asio::detached);
    ASSERT_TRUE(Until([&] { return server.connection != nullptr; }));
  }
  static std::string Masked(Opcode opcode, std::string_view payload, bool fin = true) {
    std::vector<uint8_t> out;
    const MaskingKey key{1, 2, 3, 4};
    AppendFrame(out, opcode, {reinterpret_cast<const uint8_t*>(payload.data()), payload.size()},
                &key);
    if (!fin) out[0] &= 0x7F;
    return {out.begin(), out.end()};
  }

  // A server for one connection, as the gateway's listener is one.
  asio::awaitable<void> Serve() {
    TlsStream stream(co_await acceptor.async_accept(asio::use_awaitable), server_tls);
    stream.next_layer().set_option(tcp::no_delay(true));
    error_code error;
    co_await stream.async_handshake(asio::ssl::stream_base::server, Into(error));
    boost::beast::flat_buffer buffer;
    boost::beast::http::request_parser<boost::beast::http::string_body> parser;
    if (!error) {
      co_await boost::beast::http::async_read(stream, buffer, parser, Into(error));
    }
    if (error || !IsWebSocketUpgrade(parser.get())) co_return;
    const std::string answer = refuse ? "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
                                      : UpgradeResponse(parser.get()) + behind_answer;
    co_await asio::async_write(stream, asio::buffer(answer), Into(error));
    if (refuse) co_return;
    co_await RunTo(
        std::make_shared<WebSocketConnection>(ByteStream(std::move(stream)), WebSocketRole::kServer,
                                              "192.0.2.1", ByteSpan()),
        server);
  }
  // Both ends over plain TCP, the opening handshake done with.
  void ConnectPlain() {
    const auto run = [this](tcp::socket socket, WebSocketRole role, End& end) {
      auto connection = std::make_shared<WebSocketConnection>(ByteStream(std::move(socket)), role,
                                                              "192.0.2.1", ByteSpan());
      asio::co_spawn(
          io, [connection, &end] { return RunTo(connection, end); }, asio::detached);
    };
    tcp::socket socket(io);
    socket.connect(acceptor.local_endpoint());
    run(acceptor.accept(), WebSocketRole::kServer, server);
    run(std::move(socket), WebSocketRole::kClient, client);
    ASSERT_TRUE(Until([&] { return client.connection && server.connection; }));
  }
  asio::awaitable<void> ConnectClient(TlsOptions options, std::string host) {
    auto connected = co_await ConnectWebSocket(io, host, acceptor.local_endpoint().port(), options);
    if (!connected) {
      refusal = connected.error().message;
      co_return;
    }
    co_await RunTo(*connected, client);
  }
  void Connect(TlsOptions options = {.insecure = true}, const std::string& host = "localhost") {
    asio::co_spawn(
        io, [this] { return Serve(); }, asio::detached);
    asio::co_spawn(
        io, [this, options, host] { return ConnectClient(options, host); }, asio::detached);
    ASSERT_TRUE(
        Until([&] { return (client.connection && server.connection) || !refusal.empty(); }));
  }

  asio::io_context io{1};
  const testing::TestCertificate certificate = testing::MakeTestCertificate();
  asio::ssl::context server_tls{asio::ssl::context::tls_server};
  tcp::acceptor acceptor{io};
  bool refuse = false;
  std::string behind_answer;
  std::string refusal;  // why the client could not connect
  End client;
  End server;

  asio::ssl::context raw_tls{asio::ssl::context::tls_client};
  std::optional<TlsStream> raw_stream;
  bool raw_reads = true;
  std::string raw;
  int raw_records = 0;
  bool raw_ended = false;
};

TEST_F(WebSocketConnectionTest, CarriesMessagesOfBothKindsInOrderBothWays) {
  Connect();
  std::vector<Frame> sent;
  for (int i = 0; i < 200; ++i)
    sent.push_back({i % 7 == 0, std::string(6u * i, static_cast<char>('a' + i % 26))});
  sent.push_back({true, std::string(kMaxControlBytes, 'c')});
  sent.push_back({true, "ü"});
  for (const Frame& frame : sent) {
    client.Send(frame);
    server.Send(frame);
  }
  ASSERT_TRUE(Until([&] {
    return client.received.size() >= sent.size() && server.received.size() >= sent.size();
  }));
  EXPECT_EQ(client.received, sent);
  EXPECT_EQ(server.received, sent);
}

TEST_F(WebSocketConnectionTest, ClosesWithTheCodeAfterWhatWaits) {
  Connect();
  server.Send({true, "last words"});
  server.connection->Close(4001, "replaced");
  ASSERT_TRUE(Until([&] { return client.done && server.done; }));
  EXPECT_EQ(client.received, (std::vector<Frame>{{true, "last words"}}));
  EXPECT_TRUE(client.end->clean);
  EXPECT_EQ(client.end->code, 4001);
  EXPECT_TRUE(server.end->clean);
  EXPECT_EQ(server.end->code, 4001) << "the client's answer";
}

TEST_F(WebSocketConnectionTest, DoesTheSameOverPlainTcp) {
  ConnectPlain();
  const std::vector<Frame> sent = {{true, std::string(kMaxControlBytes, 'c')}, {false, "media"}};
  for (const Frame& frame : sent) {
    client.Send(frame);
    server.Send(frame);
  }
  ASSERT_TRUE(Until([&] { return client.received.size() == 2 && server.received.size() == 2; }));
  EXPECT_EQ(client.received, sent);
  EXPECT_EQ(server.received, sent);
  server.Send({true, "last words"});
  server.connection->Close(4001, "replaced");
  ASSERT_TRUE(Until([&] { return client.done && server.done; }));
  EXPECT_EQ(client.received.back(), (Frame{true, "last words"}));
  EXPECT_TRUE(client.end->clean);
  EXPECT_EQ(client.end->code, 4001);
  EXPECT_TRUE(server.end->clean);
}

TEST_F(WebSocketConnectionTest, TheClientMayCloseToo) {
  Connect();
  client.connection->Close(1000, "");
  ASSERT_TRUE(Until([&] { return client.done && server.done; }));
  EXPECT_TRUE(server.end->clean);
  EXPECT_EQ(server.end->code, 1000);
  EXPECT_TRUE(client.end->clean);
}

TEST_F(WebSocketConnectionTest, AnAbortedConnectionEndsTheOther) {
  Connect();
  client.connection->Abort();
  ASSERT_TRUE(Until([&] { return client.done && server.done; }));
  EXPECT_FALSE(server.end->clean);
  EXPECT_FALSE(client.end->clean);
}

TEST_F(WebSocketConnectionTest, TrustsAPinnedCertificateAndNoOther) {
  Connect({.pinned = {CertificateHash{}, certificate.hash}});
  EXPECT_EQ(refusal, "");
}

TEST_F(WebSocketConnectionTest, RefusesACertificateThatIsNotPinned) {
  Connect({.pinned = {CertificateHash{}}});
  EXPECT_NE(refusal.find("it is none of the pinned ones"), std::string::npos) << refusal;
}

TEST_F(WebSocketConnectionTest, RefusesACertificateThatNobodyVouchesFor) {
  Connect({});
  EXPECT_NE(refusal.find("cannot make a TLS connection"), std::string::npos) << refusal;
}

TEST_F(WebSocketConnectionTest, TrustsTheAuthoritiesOfAFileForTheirNames) {
  const auto file = std::filesystem::temp_directory_path() /
                    ("ferry-websocket-test-" + std::to_string(getpid()) + ".pem");
  std::ofstream(file) << certificate.certificate;
  Connect({.ca_file = file}, "127.0.0.1");
  std::filesystem::remove(file);
  EXPECT_EQ(refusal, "");
}

TEST_F(WebSocketConnectionTest, TellsTheStatusOfARefusedUpgrade) {
  refuse = true;
  Connect();
  EXPECT_NE(refusal.find("HTTP 403"), std::string::npos) << refusal;
}

TEST_F(WebSocketConnectionTest, ReadsWhatCameRightBehindTheHandshake) {
  std::vector<uint8_t> frame;
  const std::string text = "early";
  AppendFrame(frame, Opcode::kText, {reinterpret_cast<const uint8_t*>(text.data()), text.size()},
              nullptr);
  behind_answer.assign(frame.begin(), frame.end());
  Connect();
  ASSERT_TRUE(Until([&] { return !client.received.empty(); }));
  EXPECT_EQ(client.received[0].bytes, "early");
}

TEST_F(WebSocketConnectionTest, EverythingThatWaitsLeavesInOneTlsRecord) {
  ConnectRaw("");
  for (int i = 0; i < 10; ++i) server.Send({false, std::string(1200, 'm')});
  ASSERT_TRUE(Until([&] { return raw.size() == 10 * 1204; }));
  EXPECT_EQ(raw_records, 1);
}

TEST_F(WebSocketConnectionTest, AnswersPingsAmongFragmentsOfAMessage) {
  ConnectRaw(Masked(Opcode::kText, "one ", false) + Masked(Opcode::kPing, "?") +
             Masked(Opcode::kContinuation, "message"));
  ASSERT_TRUE(Until([&] { return !server.received.empty() && !raw.empty(); }));
  EXPECT_EQ(server.received, (std::vector<Frame>{{true, "one message"}}));
  EXPECT_EQ(raw, "\x8A\x01?");
}

TEST_F(WebSocketConnectionTest, SaysByTheCloseCodeHowTheProtocolWasBroken) {
  const auto closed_with = [this](const std::string& bytes) {
    raw.clear();
    raw_ended = false;
    server = End();
    ConnectRaw(bytes);
    EXPECT_TRUE(Until([&] { return server.done && raw_ended; }));
    EXPECT_FALSE(server.end->clean);
    if (raw.size() < 4 || raw[0] != '\x88') return 0;
    return static_cast<uint8_t>(raw[2]) << 8 | static_cast<uint8_t>(raw[3]);
  };
  EXPECT_EQ(closed_with(std::string("\x81\x00", 2)), 1002);
  EXPECT_EQ(closed_with(Masked(Opcode::kText, "\xFF")), 1007);
  EXPECT_EQ(closed_with(Masked(Opcode::kText, std::string(kMaxControlBytes + 1, ' '))), 1009);
  EXPECT_EQ(closed_with(Masked(Opcode::kBinary, std::string(200'000, ' '))), 1009)
      << "of which much is unread";
}

TEST_F(WebSocketConnectionTest, TheHandlerJudgesMediaThatIsTooLarge) {
  ConnectRaw(Masked(Opcode::kBinary, std::string(kMaxMediaBytes + 1, 'm')));
  ASSERT_TRUE(Until([&] { return !server.received.empty(); }));
  EXPECT_EQ(server.received[0].bytes.size(), kMaxMediaBytes + 1);
}

TEST_F(WebSocketConnectionTest, APeerThatIgnoresTheCloseIsCutOff) {
  raw_reads = false;
  ConnectRaw("");
  server.connection->Close(4005, "silent");
  ASSERT_TRUE(Until([&] { return server.done; }));
  EXPECT_FALSE(server.end->clean);
}

TEST_F(WebSocketConnectionTest, AReaderThatDoesNotReadLeavesTheRestWithTheHandler) {
  raw_reads = false;
  ConnectRaw("");
  constexpr size_t kFrames = 20'000;
  for (size_t i = 0; i < kFrames; ++i) server.to_send.push_back({false, std::string(1200, 'm')});
  server.connection->Wake();
  io.restart();
  io.poll();
  const size_t waiting = server.to_send.size();
  EXPECT_GT(waiting, kFrames / 2) << "the kernel's buffers hold a few MB";
  for (int i = 0; i < 100; ++i) server.connection->Wake();
  io.restart();
  io.poll();
  EXPECT_EQ(server.to_send.size(), waiting);
}

TEST_F(WebSocketConnectionTest, AHandlerThatThrowsWhileWritingEndsItsConnectionAlone) {
  tcp::socket socket(io);
  socket.connect(acceptor.local_endpoint());
  const auto connection = std::make_shared<WebSocketConnection>(
      ByteStream(acceptor.accept()), WebSocketRole::kServer, "192.0.2.1", ByteSpan());
  std::string thrown;
  asio::co_spawn(
      io,
      [connection] {
        return connection->Run([](Connection&) { return std::make_unique<Failing>(); });
      },
      [&](const std::exception_ptr& failure) {
        try {
          if (failure) std::rethrow_exception(failure);
          thrown = "nothing";
        } catch (const std::exception& error) {
          thrown = error.what();
        }
      });
  // The loop, and with it everybody else's connection, goes on.
  EXPECT_TRUE(Until([&] { return !thrown.empty(); }));
  EXPECT_EQ(thrown, "a bug");
  error_code error;
  char byte = 0;
  socket.read_some(asio::buffer(&byte, 1), error);
  EXPECT_TRUE(error) << "it is closed";
}

}  // namespace
}  // namespace ferry::net
