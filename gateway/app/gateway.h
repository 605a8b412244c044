// The gateway put together: configuration in, a port that serves out.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "core/base/error.h"
#include "gateway/app/app_store.h"
#include "gateway/app/clock.h"
#include "gateway/app/config.h"
#include "gateway/app/metrics.h"
#include "gateway/net/address_limits.h"
#include "gateway/net/asio.h"
#include "gateway/net/certificate_store.h"
#include "gateway/net/listener.h"
#include "gateway/net/origin_policy.h"
#include "gateway/net/static_files.h"
#include "gateway/room/room_registry.h"
#include "gateway/session/session.h"
#include "gateway/sfu/sfu_worker.h"

namespace ferry::gateway {

// One worker: everything here belongs to the thread that runs `io`, the rooms and their forwarding
// state included, so that nothing on the media path is locked.
class Gateway {
 public:
  // How often sessions look at their deadlines and send what is periodic.
  static constexpr auto kTickInterval = std::chrono::milliseconds(25);

  Gateway(boost::asio::io_context& io, Config config, AppStore apps,
          std::shared_ptr<spdlog::logger> log);
  ~Gateway();

  // Makes or loads the certificate, and listens.
  Result<void> Start();
  uint16_t port() const { return listener_->port(); }
  // Reads the certificate's files again (SIGHUP). Connections that are open keep the old one.
  void ReloadCertificate();
  // Refuses joins, tells clients, and calls `done` when all have gone; who has not at the deadline
  // is cut off.
  void Shutdown(std::function<void()> done);

  const Metrics& metrics() const { return metrics_; }
  const RoomRegistry& rooms() const { return rooms_; }
  // Bytes that wait to be sent, over all sessions.
  size_t queued_bytes() const;

 private:
  HttpResponse Answer(const HttpRequest& request);
  HttpResponse DemoUserSig(const HttpRequest& request) const;
  HttpResponse ServeFile(const HttpRequest& request, const std::string& path);
  boost::asio::awaitable<void> Tick();
  boost::asio::awaitable<void> RenewCertificate();
  void LogCertificate() const;
  boost::asio::awaitable<void> WaitForClients(std::function<void()> done);
  boost::asio::awaitable<void> WaitUntilEmpty(Duration timeout);
  void UpdateGauges();

  boost::asio::io_context& io_;
  const Config config_;
  const AppStore apps_;
  const std::shared_ptr<spdlog::logger> log_;
  SystemClock clock_;
  Metrics metrics_;
  SfuWorker sfu_{0, metrics_};
  RoomRegistry rooms_;
  std::mt19937_64 random_;
  std::set<Session*> sessions_;
  bool draining_ = false;
  StreamKey next_stream_ = 1;
  SessionContext context_;
  AddressLimits addresses_;
  OriginPolicy origins_;
  std::unique_ptr<CertificateStore> certificates_;
  StaticFiles demo_files_;
  StaticFiles sdk_files_;
  std::unique_ptr<Listener> listener_;
  boost::asio::steady_timer tick_;
  boost::asio::steady_timer renewal_;
};

}  // namespace ferry::gateway
