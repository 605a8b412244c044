// Certificates that the gateway cannot use, or that browsers will not take.
#include <gtest/gtest.h>

#include <string>

#include "gateway/app/gateway.h"
#include "gateway/testing/gateway_fixture.h"
#include "net/websocket/websocket_client.h"

namespace ferry::gateway {
namespace {

// An issuer with an RSA key of 512 bits. TLS over TCP sends it along unseen, QUIC's refuses it.
constexpr const char* kWeakIssuer = R"(-----BEGIN CERTIFICATE-----
MIIBhTCCAS+gAwIBAgIUQhAEfjiMwclBUOuwVTKIetNhoKowDQYJKoZIhvcNAQEL
BQAwFjEUMBIGA1UEAwwLd2VhayBpc3N1ZXIwIBcNMjYxMjAxMDI0NjUxWhgPMjEy
NjExMDcwMjQ2NTFaMBYxFDASBgNVBAMMC3dlYWsgaXNzdWVyMFwwDQYJKoZIhvcN
AQEBBQADSwAwSAJBAKoQm7rd6Iip1Akg1T2u33df8s/MqP+R3gMUBc/WCp9TidzR
wLfSvxl3FiF4pI58BYzu42cr+3sWBazsIwh0d0ECAwEAAaNTMFEwHQYDVR0OBBYE
FA4WIfSG17v/KJllnrkX1kUqL8ZSMB8GA1UdIwQYMBaAFA4WIfSG17v/KJllnrkX
1kUqL8ZSMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADQQBTkTMpnL/y
fLXR3tZowIuXajKKd6BHwnfEu8QnaY95ZuHmfE/ZZIW+gD9nOdb7ajyHUfG7rS+X
iKZI/BiLBl37
-----END CERTIFICATE-----
)";

class GatewayCertificateTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    config.certificate = directory / "chain.pem";
    config.private_key = directory / "key.pem";
  }
  void WritePair(const PemPair& pair, const std::string& issuers = "") {
    Write("chain.pem", pair.certificate_chain + issuers);
    Write("key.pem", pair.private_key);
  }
  static PemPair Pair(int64_t valid_from_s = UnixSeconds()) {
    return MakeSelfSigned({}, valid_from_s).value();
  }
  // Over TCP and over UDP, each to a client that knows the certificate by its hash.
  void ExpectServed(const PemPair& pair) {
    const net::CertificateHash hash = Inspect(pair)->hash;
    bool open = false;
    bool tried = false;
    const auto over_tcp = [&]() -> asio::awaitable<void> {
      net::TlsOptions tls;
      tls.pinned = {hash};
      const auto connected = co_await net::ConnectWebSocket(io, "127.0.0.1", gateway->port(), tls);
      open = connected.has_value();
      tried = true;
    };
    asio::co_spawn(io, over_tcp, asio::detached);
    EXPECT_TRUE(Until([&] { return tried; }));
    EXPECT_TRUE(open);
    if (!WebTransportService::Available()) return;
    const Client client =
        Connect({.transport = net::TransportKind::kWebTransport, .pinned = {hash}});
    EXPECT_TRUE(client->open);
  }
};

TEST_F(GatewayCertificateTest, OneThatQuicRefusesIsRefusedAtStartInWords) {
  if (!WebTransportService::Available()) GTEST_SKIP() << "built without WebTransport";
  WritePair(Pair(), kWeakIssuer);
  Gateway refused(io, config, AppStore(std::vector<Application>{}),
                  std::make_shared<spdlog::logger>("refused"));
  const auto started = refused.Start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find(config.certificate), std::string::npos);
  EXPECT_NE(started.error().message.find("QUIC cannot use the certificate chain"),
            std::string::npos)
      << started.error().message;
  config.webtransport = false;
  Start();
}

TEST_F(GatewayCertificateTest, AReloadThatEitherTransportRefusesLeavesBothTheOldOne) {
  const PemPair old = Pair();
  WritePair(old);
  Start();
  WritePair(Pair(), kWeakIssuer);
  gateway->ReloadCertificate();
  if (WebTransportService::Available()) {
    EXPECT_NE(log_text.str().find("event=certificate-reload-failed"), std::string::npos);
    ExpectServed(old);
  }
  const PemPair next = Pair();
  WritePair(next);
  gateway->ReloadCertificate();
  ExpectServed(next);
}

TEST_F(GatewayCertificateTest, OneThatIsOverOrHasNotBegunIsSaidLoudly) {
  constexpr int64_t kDay = 86'400;
  WritePair(Pair(UnixSeconds() - 30 * kDay));
  Start();
  const auto says = [this](const std::string& words) {
    const std::string text = log_text.str();
    const size_t begin = text.find("event=certificate-not-valid");
    return begin != text.npos && text.find(words, begin) != text.npos;
  };
  EXPECT_TRUE(says("is expired on 20")) << log_text.str();
  EXPECT_TRUE(says(config.certificate));
  log_text.str("");
  WritePair(Pair(UnixSeconds() + kDay));
  gateway->ReloadCertificate();
  EXPECT_TRUE(says("is not valid before 20")) << log_text.str();
  log_text.str("");
  WritePair(Pair());
  gateway->ReloadCertificate();
  EXPECT_FALSE(says("")) << log_text.str();
}

}  // namespace
}  // namespace ferry::gateway
