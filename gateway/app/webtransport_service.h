// WebTransport as the workers share it: its certificate, its secret, and who may connect.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "gateway/base/metrics.h"
#include "gateway/net/address_limits.h"
#include "gateway/net/asio.h"
#include "gateway/net/certificate_store.h"
#include "gateway/net/listener.h"
#include "gateway/net/origin_policy.h"
#include "gateway/net/path_prefix.h"
#include "net/connection.h"
#include "net/quic/quic_config.h"

namespace ferry::gateway {

// One worker's UDP port.
class WebTransportPort {
 public:
  virtual ~WebTransportPort() = default;
  // Refuses new clients from now on.
  virtual void StopAccepting() = 0;
  // Ends every connection; their handlers hear of it.
  virtual void CloseAll() = 0;
};

class WebTransportService {
 public:
  // Whether this gateway was built with it.
  static bool Available();
  // What QUIC makes of a certificate, for the store that the service is given.
  static Result<std::shared_ptr<const net::QuicTlsContext>> MakeContext(const PemPair& pair);

  // `certificates` were opened with MakeContext.
  WebTransportService(const CertificateStore& certificates, const net::QuicSecret& secret,
                      AddressLimits& addresses, const OriginPolicy& origins,
                      const ListenerLimits& limits, uint8_t worker_count);
  ~WebTransportService();

  // New connections are shown the store's certificate from now on, as it is; to be called whenever
  // it has changed.
  void UseCertificate();
  // Sessions are opened under this path, too. Before Listen.
  void ServeUnder(const PathPrefix& prefix) { path_prefix_ = prefix.text(); }
  // For the workers, one after the other in the order of their index. `handlers` makes those of
  // sessions; `metrics` are the worker's.
  Result<std::unique_ptr<WebTransportPort>> Listen(asio::io_context& io, uint8_t worker,
                                                   const std::string& address, uint16_t port,
                                                   net::HandlerFactory handlers, Metrics& metrics);

 private:
  struct Shared;

  const CertificateStore& certificates_;
  const net::QuicSecret secret_;
  AddressLimits& addresses_;
  const OriginPolicy& origins_;
  const uint8_t worker_count_;
  std::string path_prefix_;
  net::QuicConfig quic_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace ferry::gateway
