// The gateway put together: configuration in, a port that serves out.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gateway/app/app_store.h"
#include "gateway/app/config.h"
#include "gateway/app/http_service.h"
#include "gateway/app/webtransport_service.h"
#include "gateway/app/worker.h"
#include "gateway/base/clock.h"
#include "gateway/base/metrics.h"
#include "gateway/http/http_dispatcher.h"
#include "gateway/http/http_threads.h"
#include "gateway/http/plain_listener.h"
#include "gateway/net/address_limits.h"
#include "gateway/net/asio.h"
#include "gateway/net/certificate_store.h"
#include "gateway/net/origin_policy.h"
#include "gateway/session/control_plane.h"
#include "gateway/sfu/sfu_worker.h"

namespace ferry::gateway {

class Gateway {
 public:
  // The first worker runs on `io`, which the caller runs; the others have threads of their own.
  Gateway(asio::io_context& io, Config config, AppStore apps, std::shared_ptr<spdlog::logger> log);
  // Nothing on `io` may refer to the gateway any more: after Shutdown's `done` and another turn of
  // the loop, or after EventLoop::DropPending.
  ~Gateway();

  // Counts of the program's around it, which outlive it, for its metrics. Before Start.
  void AddMetrics(const Metrics& metrics) { metrics_.push_back(&metrics); }
  // Makes or loads the certificate, and listens.
  Result<void> Start();
  uint16_t port() const { return workers_.front()->port(); }
  // Of plain HTTP; 0: none.
  uint16_t plain_port() const { return workers_.front()->plain_port(); }
  // Where metrics are, as "127.0.0.1:8444"; empty: nowhere but on the port, for who has the token.
  std::string admin_address() const { return admin_ ? admin_->address() : ""; }
  // Reads the certificate's files again (SIGHUP). Connections that are open keep the old one.
  void ReloadCertificate();

  // How long those who are still there are waited for.
  enum class ShutdownStage {
    kDrain,  // drain_timeout_s: clients move elsewhere; then as kClose
    kClose,  // shutdown_timeout_ms: clients read why they are closed; then as kNone
    kNone,
  };
  // Refuses joins and tells clients to move; calls `done` when all have gone or their time is over.
  // Called again, it only goes on to a later stage.
  void Shutdown(ShutdownStage stage, std::function<void()> done);

  // What an operation of the first worker, whose loop is the caller's, has thrown.
  void OnFailure(std::string_view what) { workers_.front()->OnFailure(what); }

  // The sum over all workers.
  int64_t Total(Count Metrics::*count) const;
  int64_t Dropped(DropReason reason) const;
  // For who takes part in rooms without a connection: the rooms, and the thread of a worker with
  // its part of the forwarding, where `task` runs soon. What is made there has to end there, before
  // the gateway shuts down.
  ControlPlane& control() { return control_; }
  size_t workers() const { return workers_.size(); }
  void Post(size_t worker, std::function<void(SfuWorker&, Timestamp)> task) {
    workers_[worker]->PostMedia(std::move(task));
  }
  // Bytes of media that wait to be sent, over the sessions of the first worker.
  size_t queued_bytes() const { return workers_.front()->queued_bytes(); }

 private:
  Result<void> ParsePolicies();
  // All workers, on the same ports.
  Result<void> Listen(bool webtransport);
  Result<void> StartHttp();
  // Answers nobody over HTTP any more.
  void StopHttp();
  // Looks now and then whether another process has changed the applications. On the host's own
  // threads, because it reads a disk.
  asio::awaitable<void> WatchApplications();
  // Reads them, if they have changed. False: they cannot be read, which `said` tells that it has
  // been said already.
  bool RefreshApplications(bool said);
  // The certificate is another now.
  void OnCertificate();
  asio::awaitable<void> RenewCertificate();
  asio::awaitable<void> Leave(std::function<void()> done);
  // Until the condition holds, or the time is over, or the shutdown has gone beyond `stage`.
  asio::awaitable<void> WaitFor(std::function<bool()> condition, Duration timeout,
                                ShutdownStage stage);

  asio::io_context& io_;
  const Config config_;
  AppStore apps_;
  const std::shared_ptr<spdlog::logger> log_;
  SystemClock clock_;
  AddressLimits addresses_;
  OriginPolicy origins_;
  ProxyPolicy proxies_;
  std::unique_ptr<CertificateStore> certificates_;
  ControlPlane control_;
  const SessionContext sessions_;
  std::atomic<bool> leaving_{false};
  HttpThreads http_threads_{*log_};
  // Of this host's own: admin-listen, and the watching of the applications, which may keep one of
  // them waiting for a disk. What the port is asked for keeps neither waiting.
  HttpThreads host_threads_{*log_};
  std::unique_ptr<HttpService> http_;
  std::unique_ptr<HttpDispatcher> dispatcher_;
  Metrics admin_metrics_;
  std::unique_ptr<PlainListener> admin_;
  std::unique_ptr<WebTransportService> webtransport_;
  std::unique_ptr<WorkerContext> context_;
  // Before the workers: their sessions' packets are of its pools.
  std::unique_ptr<Sfu> sfu_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<const Metrics*> metrics_;
  asio::steady_timer renewal_;
  ShutdownStage stage_ = ShutdownStage::kDrain;
};

}  // namespace ferry::gateway
