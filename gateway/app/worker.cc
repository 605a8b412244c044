#include "gateway/app/worker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>

namespace ferry::gateway {

Worker::Worker(ControlPlane& control, const Clock& clock, asio::io_context* io)
    : clock_(clock),
      own_io_(io ? nullptr : std::make_unique<EventLoop>()),
      io_(io ? *io : *own_io_),
      index_(control.AddWorker([this] { Post([this] { sessions_->TakeMail(); }); })),
      tick_(io_) {}

Worker::~Worker() = default;

void Worker::Post(std::function<void()> task) { asio::post(io_, std::move(task)); }

Sfu::Worker Worker::for_sfu() {
  return {&metrics_, [this] { Post([this] { sfu_->Run(clock_.Now()); }); }};
}

Result<void> Worker::Start(const WorkerContext& context, SfuWorker& sfu,
                           const ListenAddress& listen, const std::optional<ListenAddress>& plain) {
  sfu_ = &sfu;
  log_ = &context.sessions.log;
  sessions_ = std::make_unique<SessionWorker>(index_, context.sessions, sfu, metrics_);
  const auto handlers = [this](net::Connection& connection) {
    return sessions_->MakeHandler(connection);
  };
  const auto begin = [&](const ListenAddress& at, Carrier carrier,
                         std::unique_ptr<Listener>& listener) {
    listener =
        std::make_unique<Listener>(io_, context.listener, context.limits, context.workers,
                                   context.http, handlers, metrics_, context.sessions.log, carrier);
    return listener->Start(at.address, at.port);
  };
  auto listening = begin(listen, Carrier::kTls, listener_);
  if (listening && plain) listening = begin(*plain, Carrier::kPlain, plain_listener_);
  if (!listening) return listening;
  if (context.webtransport) {
    auto opened = context.webtransport->Listen(io_, static_cast<uint8_t>(index_), listen.address,
                                               listener_->port(), handlers, metrics_);
    if (!opened) return std::unexpected(opened.error());
    webtransport_ = std::move(*opened);
  }
  asio::co_spawn(
      io_, [this] { return Tick(); }, asio::detached);
  if (own_io_) {
    thread_ = std::thread(
        [this] { own_io_->RunContained([this](std::string_view what) { OnFailure(what); }); });
  }
  return {};
}

// A worker wakes for deadlines and what is periodic, and in between only while pacing holds
// something back.
asio::awaitable<void> Worker::Tick() {
  constexpr Duration kPeriod = Duration::Millis(kTickInterval.count());
  constexpr int64_t kPacing = WakeScheduler::kInterval.us();
  error_code error;
  Timestamp next = clock_.Now() + kPeriod;
  // Ends the wait below: it begins anew, for the moment that is wanted now.
  sfu_->wakes().set_wanted([this] { tick_.cancel(); });
  for (;;) {
    Timestamp now = clock_.Now();
    const Timestamp pacing = Timestamp::Micros((now.us() / kPacing + 1) * kPacing);
    const Timestamp due = sfu_->wakes().empty() ? next : std::min(next, pacing);
    tick_.expires_after(std::chrono::microseconds(std::max<int64_t>((due - now).us(), 0)));
    co_await tick_.async_wait(Into(error));
    // Cancelled: by what wants another moment, unless by the worker's own end. A wait that was over
    // before it could be cancelled ends without an error.
    if (joined_) co_return;
    if (error) continue;
    // What it throws would end the coroutine, and with it every deadline of this worker.
    try {
      sfu_->wakes().Run();
      now = clock_.Now();
      if (now < next) continue;
      next = now + kPeriod;
      sessions_->Tick(now);
      sfu_->Tick(now);
    } catch (const std::exception& failure) {
      OnFailure(failure.what());
    }
  }
}

void Worker::OnFailure(std::string_view what) {
  metrics_.failures.Add();
  log_->critical("event=worker-failed worker={} error={:?}", index_, what);
}

void Worker::Shutdown() {
  Post([this] {
    listener_->Stop();
    if (plain_listener_) plain_listener_->Stop();
    if (webtransport_) webtransport_->StopAccepting();
    sessions_->Shutdown();
  });
}

void Worker::Abort() {
  Post([this] {
    sessions_->Abort();
    if (webtransport_) webtransport_->CloseAll();
  });
}

void Worker::Join() {
  if (!own_io_) {
    joined_ = true;
    tick_.cancel();
  } else if (thread_.joinable()) {
    own_io_->stop();
    thread_.join();
  }
}

void Worker::Clear() {
  if (own_io_) own_io_->DropPending();
  webtransport_.reset();
  listener_.reset();
  plain_listener_.reset();
  sessions_.reset();
}

}  // namespace ferry::gateway
