// One of the gateway's threads, with everything that belongs to it: an event loop, the port's
// listener, the connections that came through it, their sessions' media and its counts. Workers
// share nothing but the control plane, and what the SFU hands over between them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "core/base/error.h"
#include "gateway/app/config.h"
#include "gateway/app/webtransport_service.h"
#include "gateway/base/event_loop.h"
#include "gateway/base/metrics.h"
#include "gateway/net/asio.h"
#include "gateway/net/listener.h"
#include "gateway/session/session_worker.h"
#include "gateway/sfu/sfu_worker.h"

namespace ferry::gateway {

// What listening takes; outlives the workers.
struct WorkerContext {
  const SessionContext& sessions;
  const ListenerShared listener;
  const ListenerLimits& limits;
  size_t workers;  // that share the limits
  HttpHandler& http;
  WebTransportService* webtransport = nullptr;  // null: WebSocket alone
};

class Worker {
 public:
  // How often sessions look at their deadlines and send what is periodic.
  static constexpr auto kTickInterval = std::chrono::milliseconds(25);

  // Runs on `io` when that is given and run by the caller, else on a thread of its own.
  Worker(ControlPlane& control, const Clock& clock, asio::io_context* io);
  // After Join and Clear.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Of all workers before any of them starts: what the SFU must know of this one.
  Sfu::Worker for_sfu();
  // Binds the port, and the one of plain HTTP if there is to be one, and begins to work. Port 0
  // takes a free one.
  Result<void> Start(const WorkerContext& context, SfuWorker& sfu, const ListenAddress& listen,
                     const std::optional<ListenAddress>& plain);
  uint16_t port() const { return listener_->port(); }
  // 0: none.
  uint16_t plain_port() const { return plain_listener_ ? plain_listener_->port() : 0; }

  // From any thread.
  const Metrics& metrics() const { return metrics_; }
  // Takes no more connections, tells every client, and closes.
  void Shutdown();
  // Waits no longer for who does not go.
  void Abort();
  // No more events; waits for the thread.
  void Join();
  // Destroys the connections and the media of the sessions. After Join of all workers and before
  // any of them ends: they tell each other of the streams that end.
  void Clear();

  // Something of this worker's threw: a bug, which is logged and counted, and ends nothing else. On
  // the worker's thread.
  void OnFailure(std::string_view what);

  // Runs `task` on the worker's thread, soon.
  void PostMedia(std::function<void(SfuWorker&, Timestamp)> task) {
    Post([this, posted = std::move(task)] { posted(*sfu_, clock_.Now()); });
  }
  // Bytes of media that wait to be sent. On the worker's thread.
  size_t queued_bytes() const { return sessions_->queued_bytes(); }

 private:
  asio::awaitable<void> Tick();
  // On the worker's thread, soon.
  void Post(std::function<void()> task);

  const Clock& clock_;
  const std::unique_ptr<EventLoop> own_io_;
  asio::io_context& io_;
  Metrics metrics_;
  const unsigned index_;
  SfuWorker* sfu_ = nullptr;
  spdlog::logger* log_ = nullptr;
  std::unique_ptr<SessionWorker> sessions_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Listener> plain_listener_;
  std::unique_ptr<WebTransportPort> webtransport_;
  asio::steady_timer tick_;
  // On a loop that goes on without this worker.
  bool joined_ = false;
  std::thread thread_;
};

}  // namespace ferry::gateway
