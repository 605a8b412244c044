// The whole gateway behind reverse proxies: whose a connection is, by what they say of it.
#include <gtest/gtest.h>

#include <boost/asio/ip/udp.hpp>
#include <string>

#include "gateway/testing/gateway_fixture.h"

namespace ferry::gateway {
namespace {

using namespace std::string_literals;

// Version 2 of 198.51.100.N, with a TLV behind.
std::string ProxyV2(char n) {
  return "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\xC6\x33\x64"s + n + "\x7F\0\0\x01\x12\x34\x01\xBB"s +
         "\x04\0\x01x"s;
}

class GatewayProxiedTest : public GatewayTest {
 protected:
  void Trust() { config.trusted_proxies = {"127.0.0.1"}; }
  int Refused(const std::string& reason) {
    const std::string line = "ferry_connections_refused_total{reason=\"" + reason + "\"} ";
    const std::string metrics = MetricsText();
    const size_t found = metrics.find(line);
    return found == metrics.npos ? -1 : std::stoi(metrics.substr(found + line.size()));
  }
  bool Logged(const std::string& text) { return log_text.str().find(text) != std::string::npos; }
  testing::HttpReply GetAfter(const std::string& before) {
    return Get("/healthz", {}, "GET", {.before = before});
  }
};

TEST_F(GatewayProxiedTest, UsersBehindATrustedProxyCountEachForThemselves) {
  config.listener.max_connections_per_address = 2;
  config.listener.handshakes_per_second = 1;
  config.listener.handshake_burst = 3;
  Trust();
  Start();
  for (int i = 0; i < 6; ++i) {
    const std::string address = "192.0.2." + std::to_string(i);
    const Client one = Joined("user" + std::to_string(i), {.forwarded_for = "1.2.3.4, " + address});
    EXPECT_TRUE(Logged("event=joined remote=" + address + " ")) << log_text.str();
  }
  EXPECT_TRUE(Connect({.forwarded_for = "192.0.2.0"})->open);
  EXPECT_EQ(Connect({.forwarded_for = "192.0.2.0"})->http_status, 429u);
  EXPECT_EQ(Get("/", {{"X-Forwarded-For", "192.0.2.0"}}).body,
            "too many connections from 192.0.2.0\n");
}

TEST_F(GatewayProxiedTest, TheWordOfAnyoneElseIsNotTakenWhichIsSaid) {
  config.listener.max_connections_per_address = 1;
  Start();
  const Client ann = Joined("ann", {.forwarded_for = "192.0.2.1"});
  EXPECT_TRUE(Logged("event=joined remote=127.0.0.1 "));
  EXPECT_TRUE(Logged("event=forwarded-for-ignored remote=127.0.0.1"));
  EXPECT_EQ(Get("/", {{"X-Forwarded-For", "192.0.2.2"}}).body,
            "too many connections from 127.0.0.1, whose X-Forwarded-For is not believed: it is not "
            "among the gateway's trusted-proxies\n");
}

TEST_F(GatewayProxiedTest, AProxyThatNamesNobodyIsToldWhatItHasToDo) {
  config.listener.max_connections_per_address = 1;
  Trust();
  Start();
  const Client ann = Joined("ann");
  EXPECT_EQ(Get("/").body,
            "too many connections from 127.0.0.1, a proxy that does not say for whom: it has to "
            "send X-Forwarded-For\n");
}

TEST_F(GatewayProxiedTest, APROXYHeaderOfBothVersionsNamesTheClient) {
  config.listener.max_connections_per_address = 2;
  config.proxy_protocol = true;
  Trust();
  Start();
  const Client ann = Joined("ann", {.before = "PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\r\n"});
  EXPECT_TRUE(Logged("event=joined remote=192.0.2.1 "));
  const Client bob = Joined("bob", {.before = ProxyV2(9)});
  EXPECT_TRUE(Logged("event=joined remote=198.51.100.9 "));
  const Client cem = Joined("cem", {.before = "PROXY TCP6 2001:db8::1 ::1 1 2\r\n"});
  EXPECT_TRUE(Logged("event=joined remote=2001:db8::1 "));
  EXPECT_TRUE(Connect({.before = ProxyV2(9)})->open);
  EXPECT_EQ(GetAfter(ProxyV2(9)).status, 429u);
  EXPECT_EQ(GetAfter(ProxyV2(8)).status, 200u);
  const Client dan = Joined("dan", {.before = ProxyV2(7), .forwarded_for = "203.0.113.1"});
  EXPECT_TRUE(Logged("event=joined remote=198.51.100.7 ")) << "a client's own word";
  EXPECT_EQ(Get("/healthz").status, 200u) << "a proxy that sends none";
  EXPECT_EQ(GetAfter("PROXY UNKNOWN\r\n").status, 200u) << "that checks its health";
}

TEST_F(GatewayProxiedTest, HandshakesThatAPROXYHeaderNamesAreItsClients) {
  config.listener.max_half_open_per_address = 1;
  config.proxy_protocol = true;
  Trust();
  Start();
  asio::ip::tcp::socket silent(io);
  silent.connect({asio::ip::address_v4::loopback(), gateway->port()});
  silent.send(asio::buffer(ProxyV2(1)));
  EXPECT_TRUE(Until([&] { return GetAfter(ProxyV2(1)).status == 0; })) << "closed before TLS";
  EXPECT_EQ(GetAfter(ProxyV2(2)).status, 200u);
  EXPECT_EQ(Refused("address_half_open"), 1);
}

TEST_F(GatewayProxiedTest, APROXYHeaderOfWhoIsNotTrustedIsRefusedAndCounted) {
  config.trusted_proxies = {"192.0.2.1"};
  config.proxy_protocol = true;
  Start();
  EXPECT_EQ(GetAfter("PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n").status, 0u);
  EXPECT_EQ(GetAfter(ProxyV2(1)).status, 0u);
  EXPECT_EQ(Refused("proxy_untrusted"), 2);
  EXPECT_TRUE(Logged("the sender is not among trusted-proxies")) << log_text.str();
  EXPECT_EQ(Get("/healthz").status, 200u);
}

TEST_F(GatewayProxiedTest, APROXYHeaderIsRefusedWhereItIsNotSwitchedOn) {
  Trust();
  Start();
  EXPECT_EQ(GetAfter(ProxyV2(1)).status, 0u);
  EXPECT_EQ(Refused("proxy_untrusted"), 1);
  EXPECT_TRUE(Logged("a PROXY header came: proxy-protocol is off")) << log_text.str();
}

TEST_F(GatewayProxiedTest, ABrokenPROXYHeaderIsRefusedAndCounted) {
  config.proxy_protocol = true;
  Trust();
  Start();
  EXPECT_EQ(GetAfter("PROXY TCP4 here there 1 2\r\n").status, 0u);
  EXPECT_EQ(Refused("proxy_malformed"), 1);
  EXPECT_TRUE(Logged("its addresses are not of its protocol")) << log_text.str();
}

TEST_F(GatewayProxiedTest, APROXYHeaderThatDoesNotEndIsCutOff) {
  config.listener.handshake_timeout = std::chrono::milliseconds(200);
  config.proxy_protocol = true;
  Trust();
  Start();
  asio::ip::tcp::socket slow(io);
  slow.connect({asio::ip::address_v4::loopback(), gateway->port()});
  slow.send(asio::buffer("PROXY TCP4 "s));
  ASSERT_TRUE(Until([&] { return gateway->Total(&Metrics::connections) == 1; }));
  EXPECT_TRUE(Until([&] { return gateway->Total(&Metrics::connections) == 0; }));
}

TEST_F(GatewayProxiedTest, SpeaksPlainHttpWithProxiesThatEndTls) {
  config.plain_listen = "127.0.0.1:0";
  config.proxy_protocol = true;
  Trust();
  Start();
  const testing::HttpWay plain{.tls = false};
  EXPECT_EQ(Get("/", {}, "GET", plain).body, "<p>demo</p>");
  EXPECT_EQ(Get("/healthz", {}, "POST", plain).status, 405u) << "which begins as PROXY does";
  EXPECT_EQ(GetAfter("").status, 200u) << "TLS as ever";
  EXPECT_EQ(Get("/healthz", {}, "GET", {.tls = false, .before = ProxyV2(1)}).status, 200u);
  const auto upgrade = Get("/rtc/v1",
                           {{"connection", "upgrade"},
                            {"upgrade", "websocket"},
                            {"sec-websocket-version", "13"},
                            {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                            {"sec-websocket-protocol", "ferry.v1"},
                            {"x-forwarded-for", "192.0.2.7"}},
                           "GET", plain);
  EXPECT_EQ(upgrade.status, 101u);
  EXPECT_TRUE(Until([&] { return Logged("event=opened remote=192.0.2.7"); })) << log_text.str();
}

TEST_F(GatewayProxiedTest, ServesPlainHttpToThisMachineAndTrustedProxiesAlone) {
  // An address of this machine that is not the loopback's, if it has one.
  asio::ip::udp::socket probe(io, asio::ip::udp::v4());
  error_code error;
  probe.connect({asio::ip::make_address("192.0.2.1"), 9}, error);
  const auto own = probe.local_endpoint(error).address();
  if (error || own.is_loopback() || own.is_unspecified()) GTEST_SKIP() << "no other address";
  config.plain_listen = "0.0.0.0:0";
  Start();
  const testing::HttpWay way{.tls = false, .address = own};
  EXPECT_EQ(Get("/healthz", {}, "GET", way).status, 0u);
  EXPECT_EQ(Refused("plain_address"), 1);
  EXPECT_TRUE(Logged("plain-listen serves this machine and trusted-proxies alone"));
}

TEST_F(GatewayProxiedTest, LivesUnderAPath) {
  config.path_prefix = "/calls";
  config.demo = true;
  Start({{AppStore::kDemoSdkAppId, "demo", "the demo's secret"}});
  EXPECT_EQ(Get("/calls/").body, "<p>demo</p>");
  EXPECT_EQ(Get("/calls/sdk/trtc.wasm?v=1").body, "wasm");
  EXPECT_EQ(Get("/calls/demo/usersig?userId=ann").status, 200u);
  EXPECT_EQ(Get("/calls/rtc/v1").status, 426u);
  EXPECT_TRUE(Connect({.path = "/calls/rtc/v1"})->open);
  if (WebTransportService::Available()) {
    for (const char* path : {"/calls/rtc/v1", "/rtc/v1"}) {
      EXPECT_TRUE(Connect({.path = path, .transport = net::TransportKind::kWebTransport})->open);
    }
    EXPECT_TRUE(
        Connect({.path = "/other/rtc/v1", .transport = net::TransportKind::kWebTransport})->failed);
  }
  auto moved = Get("/calls?room=1");
  EXPECT_EQ(moved.status, 308u);
  EXPECT_EQ(moved.headers["location"], "/calls/?room=1");
  EXPECT_EQ(Get("/healthz").status, 200u) << "for who comes past the proxy";
  EXPECT_EQ(Get("/other/").status, 404u);
}

TEST_F(GatewayProxiedTest, SaysThatAProxyLacksUpgrade) {
  Start();
  const auto lost = Get("/rtc/v1", {{"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                    {"sec-websocket-version", "13"},
                                    {"sec-websocket-protocol", "ferry.v1"}});
  EXPECT_EQ(lost.status, 426u);
  EXPECT_EQ(lost.body, "a proxy on the way here does not pass on Upgrade and Connection\n");
  EXPECT_TRUE(Logged("event=upgrade-lost remote=127.0.0.1"));
}

// A page whose WebSocket has failed asks the same path why.
TEST_F(GatewayProxiedTest, TellsPagesOfAnyOriginWhatAWebSocketWouldHaveBeenTold) {
  config.allowed_origins = {"https://good.example"};
  Start();
  auto asked = Get("/rtc/v1", {{"origin", "https://good.example"}});
  EXPECT_EQ(asked.status, 426u);
  EXPECT_EQ(asked.headers["access-control-allow-origin"], "*");
  EXPECT_EQ(asked.headers["upgrade"], "websocket");
  EXPECT_FALSE(Logged("event=upgrade-lost"));
  for (auto refused : {Get("/rtc/v1", {{"origin", "https://evil.example"}}),
                       Get("/rtc/v1?origin=https%3A%2F%2Fevil.example")}) {
    EXPECT_EQ(refused.status, 403u);
    EXPECT_EQ(refused.headers["access-control-allow-origin"], "*");
    EXPECT_NE(refused.body.find("pages of https://evil.example may not connect"),
              std::string::npos);
  }
  EXPECT_EQ(Get("/rtc/v1?origin=https%3A%2F%2Fgood.example").status, 426u);
  const auto lie = Connect(
      {.path = "/rtc/v1?origin=https%3A%2F%2Fgood.example", .origin = "https://evil.example"});
  EXPECT_EQ(lie->http_status, 403u) << "what the browser says counts";
}

}  // namespace
}  // namespace ferry::gateway
