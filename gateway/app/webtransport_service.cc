#include "gateway/app/webtransport_service.h"

#include "gateway/net/connection_budget.h"
#include "gateway/net/limited_handler.h"

#ifdef FERRY_WITH_WEBTRANSPORT
#include "net/quic/tls.h"
#include "net/webtransport/webtransport_listener.h"
#endif

namespace ferry::gateway {

#ifdef FERRY_WITH_WEBTRANSPORT

namespace {

class Port final : public WebTransportPort {
 public:
  explicit Port(std::unique_ptr<net::WebTransportListener> listener)
      : listener_(std::move(listener)) {}
  void StopAccepting() override { listener_->StopAccepting(); }
  void CloseAll() override { listener_->CloseAll(); }

 private:
  const std::unique_ptr<net::WebTransportListener> listener_;
};

}  // namespace

struct WebTransportService::Shared {
  explicit Shared(const CertificateStore& certificates)
      : tls(std::make_shared<net::QuicTlsSource>(certificates.current()->quic)) {}
  const std::shared_ptr<net::QuicTlsSource> tls;
};

bool WebTransportService::Available() { return true; }

Result<std::shared_ptr<const net::QuicTlsContext>> WebTransportService::MakeContext(
    const PemPair& pair) {
  return net::QuicTlsContext::Server(pair.certificate_chain, pair.private_key);
}

void WebTransportService::UseCertificate() { shared_->tls->Set(certificates_.current()->quic); }

Result<std::unique_ptr<WebTransportPort>> WebTransportService::Listen(
    asio::io_context& io, uint8_t worker, const std::string& address, uint16_t port,
    net::HandlerFactory handlers, Metrics& metrics) {
  error_code error;
  const auto ip = asio::ip::make_address(address, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot listen on \"" + address + "\": not an address");
  }
  net::WebTransportListenerSetup setup{
      .quic = {.local = {ip, port},
               .worker = {.index = worker, .count = worker_count_},
               .config = quic_,
               .secret = secret_,
               .tls = shared_->tls,
               .gate = &addresses_},
      .allows_origin =
          [this](std::string_view origin) {
            if (origins_.Allows(origin)) return true;
            addresses_.CountRefusal(RefusedBecause::kOrigin);
            return false;
          },
  };
  if (!path_prefix_.empty()) {
    setup.paths.push_back(path_prefix_ + std::string(net::kWebTransportPath));
  }
  auto listener = net::WebTransportListener::Start(
      io, std::move(setup), CountedByAddress(addresses_, handlers), metrics.quic);
  if (!listener && ip == asio::ip::address_v6::any()) {
    // A host without IPv6, as the TCP listener finds too.
    return Listen(io, worker, "0.0.0.0", port, std::move(handlers), metrics);
  }
  if (!listener) return std::unexpected(listener.error());
  return std::make_unique<Port>(std::move(*listener));
}

#else

struct WebTransportService::Shared {
  explicit Shared(const CertificateStore&) {}
};

bool WebTransportService::Available() { return false; }

Result<std::shared_ptr<const net::QuicTlsContext>> WebTransportService::MakeContext(
    const PemPair&) {
  return nullptr;
}

void WebTransportService::UseCertificate() {}

Result<std::unique_ptr<WebTransportPort>> WebTransportService::Listen(asio::io_context&, uint8_t,
                                                                      const std::string&, uint16_t,
                                                                      net::HandlerFactory,
                                                                      Metrics&) {
  return nullptr;
}

#endif

WebTransportService::WebTransportService(const CertificateStore& certificates,
                                         const net::QuicSecret& secret, AddressLimits& addresses,
                                         const OriginPolicy& origins, const ListenerLimits& limits,
                                         uint8_t worker_count)
    : certificates_(certificates),
      secret_(secret),
      addresses_(addresses),
      origins_(origins),
      worker_count_(worker_count),
      shared_(std::make_unique<Shared>(certificates)) {
  quic_.handshake_timeout = Duration::Millis(limits.handshake_timeout.count());
  // Who is no client yet takes no client's place.
  quic_.max_half_open = ConnectionBudget::Share(limits.max_half_open, worker_count);
  quic_.max_connections = limits.max_connections + quic_.max_half_open;
}

WebTransportService::~WebTransportService() = default;

}  // namespace ferry::gateway
