#include "gateway/net/listener.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/base/testing/temporary_folder.h"
#include "gateway/testing/http_get.h"
#include "net/websocket/websocket_client.h"

namespace ferry::gateway {
namespace {

// Answers by a function, on the thread that asks.
class Answers final : public HttpHandler {
 public:
  using Function = std::function<HttpResponse(const HttpRequest&)>;
  explicit Answers(Function function) : function_(std::move(function)) {}
  size_t MaxBody(const HttpRequestHeader&) const override { return 1000; }
  void Handle(HttpRequest request, HttpContext, HttpDone done) override {
    done(function_(request));
  }

 private:
  const Function function_;
};

class ListenerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = CertificateStore::Open({.directory = directory}, clock);
    ASSERT_TRUE(opened);
    certificates = std::move(*opened);
  }

  testing::HttpReply Get(uint16_t port, const std::string& target) {
    testing::HttpReply reply;
    testing::HttpGet(io, port, target, {}, reply);
    EXPECT_TRUE(Until([&] { return reply.done; }));
    return reply;
  }
  // Why the WebSocket at another path than the gateway's cannot be opened.
  std::string ConnectPinned(uint16_t port, const net::CertificateHash& hash) {
    std::string refusal;
    const auto connect = [&]() -> asio::awaitable<void> {
      net::TlsOptions tls;
      tls.pinned = {hash};
      const auto connected = co_await net::ConnectWebSocket(io, "127.0.0.1", port, tls, "/other");
      refusal = connected ? "connected" : connected.error().message;
    };
    asio::co_spawn(io, connect, asio::detached);
    EXPECT_TRUE(Until([&] { return !refusal.empty(); }));
    return refusal;
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
  // To the end of everything.
  void Run() {
    io.restart();
    io.run_for(std::chrono::seconds(5));
    EXPECT_TRUE(io.stopped());
  }

  ListenerShared shared() { return {*certificates, addresses, origins, proxies}; }

  asio::io_context io{1};
  SystemClock clock;
  AddressLimits addresses{{}, clock};
  OriginPolicy origins;
  ProxyPolicy proxies;
  std::unique_ptr<CertificateStore> certificates;
  const TemporaryFolder folder;
  const std::filesystem::path directory = folder.path();
  std::ostringstream log_text;
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_text)};
  Metrics metrics;
};

TEST_F(ListenerTest, AnAnswerThatThrowsEndsItsConnectionAloneAndIsLogged) {
  Answers answer([](const HttpRequest& request) {
    if (request.target() == "/bad") throw std::runtime_error("a \"disk\" is full");
    return TextResponse(200, "text/plain", "ok");
  });
  Listener listener(io, shared(), {}, 1, answer, nullptr, metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  EXPECT_EQ(Get(listener.port(), "/bad").status, 0u);
  EXPECT_NE(log_text.str().find(R"(event=connection-failed error="a \"disk\" is full")"),
            std::string::npos)
      << log_text.str();
  EXPECT_EQ(metrics.connections.value(), 0);
  EXPECT_EQ(Get(listener.port(), "/good").body, "ok");
  listener.Stop();  // touches every connection that is still listed
  Run();
  EXPECT_EQ(metrics.connections.value(), 0);
}

TEST_F(ListenerTest, ListenersOfSeveralWorkersShareThePort) {
  Answers answer([](const HttpRequest&) { return TextResponse(200, "text/plain", "ok"); });
  Metrics other_metrics;
  Listener first(io, shared(), {}, 2, answer, nullptr, metrics, log);
  Listener second(io, shared(), {}, 2, answer, nullptr, other_metrics, log);
  ASSERT_TRUE(first.Start("127.0.0.1", 0));
  ASSERT_TRUE(second.Start("127.0.0.1", first.port()));
  for (int i = 0; i < 40; ++i) EXPECT_EQ(Get(first.port(), "/").status, 200u);
  EXPECT_GT(metrics.connections_total.value(), 0);
  EXPECT_GT(other_metrics.connections_total.value(), 0);
  EXPECT_EQ(metrics.connections_total.value() + other_metrics.connections_total.value(), 40);
  first.Stop();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Get(second.port(), "/").status, 200u);
  second.Stop();
  Run();
}

TEST_F(ListenerTest, AHandshakeThatDoesNotComeIsCutOffAndHoldsItsPlaceUntilThen) {
  AddressLimits narrow({.max_half_open_per_address = 1}, clock);
  ListenerLimits limits;
  limits.handshake_timeout = std::chrono::milliseconds(200);
  Answers answer([](const HttpRequest&) { return TextResponse(200, "text/plain", "ok"); });
  Listener listener(io, {*certificates, narrow, origins, proxies}, limits, 1, answer, nullptr,
                    metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  asio::ip::tcp::socket silent(io);
  silent.connect({asio::ip::address_v4::loopback(), listener.port()});
  ASSERT_TRUE(Until([&] { return metrics.connections.value() == 1; }));
  EXPECT_EQ(Get(listener.port(), "/").status, 0u);
  EXPECT_EQ(narrow.refused(RefusedBecause::kAddressHalfOpen), 1);
  ASSERT_TRUE(Until([&] { return metrics.connections.value() == 0; }));
  EXPECT_EQ(metrics.tls_failures.value(), 1);
  EXPECT_EQ(Get(listener.port(), "/").status, 200u);
  listener.Stop();
  Run();
}

TEST_F(ListenerTest, AnExchangedCertificateIsShownToNewConnections) {
  const auto write = [this](const PemPair& pair) {
    std::ofstream(directory / "chain.pem") << pair.certificate_chain;
    std::ofstream(directory / "key.pem") << pair.private_key;
  };
  write(MakeSelfSigned({}, clock.UnixMs() / 1000).value());
  certificates =
      CertificateStore::Open(
          {.certificate = directory / "chain.pem", .private_key = directory / "key.pem"}, clock)
          .value();
  const auto old_hash = certificates->current()->facts.hash;
  Answers answer([](const HttpRequest&) { return TextResponse(404, "text/plain", "no"); });
  Listener listener(io, shared(), {}, 1, answer, nullptr, metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  EXPECT_NE(ConnectPinned(listener.port(), old_hash).find("HTTP 404"), std::string::npos);
  write(MakeSelfSigned({}, clock.UnixMs() / 1000).value());
  ASSERT_TRUE(certificates->Reload().value());
  EXPECT_NE(ConnectPinned(listener.port(), old_hash).find("pinned"), std::string::npos);
  EXPECT_NE(ConnectPinned(listener.port(), certificates->current()->facts.hash).find("HTTP 404"),
            std::string::npos);
  listener.Stop();
  Run();
}

// Keeps what it is asked until it is told.
class Late final : public HttpHandler {
 public:
  size_t MaxBody(const HttpRequestHeader&) const override { return 1000; }
  void Handle(HttpRequest request, HttpContext context, HttpDone done) override {
    if (request.target() == "/now") return done(TextResponse(200, "text/plain", "now"));
    remote = context.remote;
    waiting.push_back(std::move(done));
  }
  asio::ip::address remote;
  std::vector<HttpDone> waiting;
};

TEST_F(ListenerTest, AnAnswerThatTakesLongKeepsNobodyElseWaiting) {
  Late late;
  Listener listener(io, shared(), {}, 1, late, nullptr, metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  testing::HttpReply slow;
  testing::HttpReply forgotten;
  testing::HttpGet(io, listener.port(), "/slow", {}, slow);
  testing::HttpGet(io, listener.port(), "/forgotten", {}, forgotten);
  ASSERT_TRUE(Until([&] { return late.waiting.size() == 2; }));
  EXPECT_TRUE(late.remote.is_loopback());
  EXPECT_EQ(Get(listener.port(), "/now").body, "now");
  EXPECT_FALSE(slow.done);
  // From another thread, as the ones that answer are.
  std::thread([&] {
    late.waiting.front()(TextResponse(200, "text/plain", "late"));
    late.waiting.clear();
  }).join();
  ASSERT_TRUE(Until([&] { return slow.done && forgotten.done; }));
  EXPECT_TRUE(slow.body == "late" || forgotten.body == "late");
  EXPECT_EQ(slow.status + forgotten.status, 700u) << "200 and 500";
  listener.Stop();
  Run();
}

TEST_F(ListenerTest, AnAnswerThatNeverComesIsGivenUp) {
  Late late;
  ListenerLimits limits;
  limits.http_idle_timeout = std::chrono::milliseconds(300);
  Listener listener(io, shared(), limits, 1, late, nullptr, metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  EXPECT_EQ(Get(listener.port(), "/never").status, 504u);
  listener.Stop();
  Run();
}

TEST_F(ListenerTest, ARequestThatIsTooLargeOrNoneIsToldSo) {
  Late late;
  Listener listener(io, shared(), {}, 1, late, nullptr, metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  const auto get = [&](std::map<std::string, std::string> headers) {
    testing::HttpReply reply;
    testing::HttpGet(io, listener.port(), "/now", std::move(headers), reply);
    EXPECT_TRUE(Until([&] { return reply.done; }));
    return reply.status;
  };
  EXPECT_EQ(get({{"content-length", "1001"}}), 413u);
  EXPECT_EQ(get({{"content-length", "99999999999"}}), 413u);
  EXPECT_EQ(get({{"content-length", "-"}}), 400u);
  EXPECT_EQ(get({{"x", std::string(20'000, 'x')}}), 431u);
  EXPECT_EQ(metrics.http_body.value(), 2);
  EXPECT_EQ(metrics.http_headers.value(), 1);
  listener.Stop();
  Run();
}

TEST_F(ListenerTest, WhoReadsALongAnswerSlowlyReadsItToItsEnd) {
  constexpr size_t kBytes = 1'000'000;
  Answers answer(
      [](const HttpRequest&) { return TextResponse(200, "text/plain", std::string(kBytes, 'x')); });
  ListenerLimits limits;
  limits.http_idle_timeout = std::chrono::milliseconds(1000);
  Listener listener(io, shared(), limits, 1, answer, nullptr, metrics, log, Carrier::kPlain);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  size_t read = 0;
  bool over = false;
  const auto reader = [&]() -> asio::awaitable<void> {
    asio::ip::tcp::socket socket(io, asio::ip::tcp::v4());
    // Little waits in the kernel.
    socket.set_option(asio::socket_base::receive_buffer_size(32 * 1024));
    error_code error;
    co_await socket.async_connect({asio::ip::address_v4::loopback(), listener.port()}, Into(error));
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(request), Into(error));
    std::vector<char> part(kBytes / 20);
    asio::steady_timer pause(io);
    while (!error) {
      read += co_await asio::async_read(socket, asio::buffer(part), Into(error));
      error_code ignored;
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(Into(ignored));
    }
    over = true;
  };
  const auto begun = std::chrono::steady_clock::now();
  asio::co_spawn(io, reader, asio::detached);
  EXPECT_TRUE(Until([&] { return over; }));
  EXPECT_GT(read, kBytes);
  EXPECT_EQ(metrics.http_idle.value(), 0);
  EXPECT_GT(std::chrono::steady_clock::now() - begun, 3 * limits.http_idle_timeout / 2);
  listener.Stop();
  Run();
}

// What can be answered on the worker's own thread, and what is answered elsewhere.
struct Asked {
  const char* request;
  const char* status;
};

class AskedTest : public ListenerTest, public ::testing::WithParamInterface<Asked> {
 protected:
  // What comes on one connection until its end.
  std::string Say(uint16_t port, const std::string& text) {
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), port});
    asio::write(socket, asio::buffer(text));
    std::string heard;
    bool over = false;
    asio::async_read(socket, asio::dynamic_buffer(heard),
                     [&](const error_code&, size_t) { over = true; });
    EXPECT_TRUE(Until([&] { return over; })) << "the connection stays open: " << heard;
    socket.close();
    Until([&] { return over; });
    return heard;
  }
  static int Count(const std::string& text, const std::string& part) {
    int count = 0;
    for (size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++count;
    return count;
  }
};

TEST_P(AskedTest, TakesOfTheRequestsOfItsAddressAndEndsTheConnectionBeyondThem) {
  AddressLimits narrow(
      {.max_connections = 0, .requests_per_second_per_address = 1, .request_burst_per_address = 3},
      clock);
  origins = OriginPolicy::Parse({"https://good.example"}).value();
  proxies.path_prefix = PathPrefix::Parse("/call").value();
  Late late;
  Listener listener(io, {*certificates, narrow, origins, proxies}, {}, 1, late, nullptr, metrics,
                    log, Carrier::kPlain);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  std::string requests;
  for (int i = 0; i < 8; ++i) {
    requests += std::string(GetParam().request) + "Host: a\r\n" +
                (i == 7 ? "Connection: close\r\n\r\n" : "\r\n");
  }
  const std::string heard = Say(listener.port(), requests);
  EXPECT_EQ(Count(heard, std::string("HTTP/1.1 ") + GetParam().status), 3) << heard;
  EXPECT_EQ(Count(heard, "HTTP/1.1 429 Too Many Requests\r\n"), 1) << heard;
  EXPECT_EQ(Count(heard, "Retry-After: 1\r\n"), 1) << heard;
  EXPECT_EQ(Count(heard, "Connection: close\r\n"), 1) << heard;
  EXPECT_EQ(metrics.http_requests.value(), 4);
  EXPECT_EQ(metrics.http_rate.value(), 1);
  listener.Stop();
  Run();
}

INSTANTIATE_TEST_SUITE_P(
    Statuses, AskedTest,
    ::testing::Values(Asked{"GET /rtc/v1 HTTP/1.1\r\n", "426"},
                      Asked{"GET /rtc/v1?origin=https://evil.example HTTP/1.1\r\n", "403"},
                      Asked{"GET /call HTTP/1.1\r\n", "308"},
                      Asked{"GET /rtc/v1 HTTP/1.1\r\n"
                            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Protocol: ferry.v1\r\n"
                            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
                            "503"},
                      Asked{"GET /now HTTP/1.1\r\n", "200"}),
    [](const auto& one) { return std::string(one.param.status); });

// A TLS connection that says nothing.
class Idle {
 public:
  Idle(asio::io_context& io, uint16_t port)
      : tls_(asio::ssl::context::tls_client), stream_(io, tls_) {
    stream_.next_layer().connect({asio::ip::address_v4::loopback(), port});
    stream_.async_handshake(asio::ssl::stream_base::client, [this](const error_code& error) {
      open = !error;
      if (error) closed = true;
      if (open) Read();
    });
  }
  bool open = false;
  bool closed = false;

 private:
  void Read() {
    stream_.async_read_some(asio::buffer(byte_),
                            [this](const error_code& error, size_t) { closed = bool{error}; });
  }
  asio::ssl::context tls_;
  asio::ssl::stream<asio::ip::tcp::socket> stream_;
  std::array<char, 1> byte_;
};

TEST_F(ListenerTest, TheIdlestConnectionGivesWayToTheNext) {
  ListenerLimits limits;
  limits.max_http_connections = 2;
  Late late;
  Listener listener(io, shared(), limits, 1, late, nullptr, metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  testing::HttpReply busy;
  testing::HttpGet(io, listener.port(), "/slow", {}, busy);
  ASSERT_TRUE(Until([&] { return late.waiting.size() == 1; }));
  Idle first(io, listener.port());
  ASSERT_TRUE(Until([&] { return first.open && metrics.http_connections.value() == 2; }));
  Idle second(io, listener.port());
  EXPECT_TRUE(Until([&] { return first.closed; })) << "later than the busy one, and idle";
  EXPECT_FALSE(second.closed);
  EXPECT_FALSE(busy.done);
  EXPECT_EQ(Get(listener.port(), "/now").status, 200u);
  EXPECT_TRUE(Until([&] { return second.closed; }));
  // When none is idle, the one that has been busy for longest.
  testing::HttpReply busy_too;
  testing::HttpGet(io, listener.port(), "/slow", {}, busy_too);
  ASSERT_TRUE(Until([&] { return late.waiting.size() == 2; }));
  EXPECT_EQ(Get(listener.port(), "/now").status, 200u);
  EXPECT_TRUE(Until([&] { return busy.done; }));
  EXPECT_EQ(busy.status, 0u);
  EXPECT_EQ(metrics.http_connections_cut.value(), 3);
  late.waiting.clear();
  EXPECT_TRUE(Until([&] { return busy_too.status == 500u; }));
  listener.Stop();
  Run();
}

TEST_F(ListenerTest, TheOldestHandshakeGivesWayToTheNext) {
  ListenerLimits limits;
  limits.max_half_open = 2;
  Late late;
  Listener listener(io, shared(), limits, 1, late, nullptr, metrics, log);
  ASSERT_TRUE(listener.Start("127.0.0.1", 0));
  std::vector<asio::ip::tcp::socket> silent;
  for (int64_t i = 0; i < 5; ++i) {
    silent.emplace_back(io).connect({asio::ip::address_v4::loopback(), listener.port()});
    ASSERT_TRUE(Until([&] { return metrics.connections_total.value() == i + 1; }));
  }
  EXPECT_EQ(Get(listener.port(), "/now").status, 200u);
  EXPECT_EQ(metrics.half_open_cut.value(), 4);
  listener.Stop();
  Run();
}

}  // namespace
}  // namespace ferry::gateway
