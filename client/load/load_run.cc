#include "client/load/load_run.h"

#include <algorithm>
#include <utility>

namespace ferry::client {

namespace asio = boost::asio;

namespace {
// Media is made this often, and each time a part of the clients has its control tick.
constexpr auto kTick = std::chrono::milliseconds(5);
constexpr size_t kControlParts = 20;  // × kTick: LoadClient::kControlInterval
// What is on its way when the publishers stop may still arrive.
constexpr Duration kDrain = Duration::Seconds(1);
constexpr Duration kLeaveTimeout = Duration::Seconds(3);
}  // namespace

LoadRun::LoadRun(asio::io_context& io, const LoadPlan& plan, Share share,
                 const Connector& connector, const Clock& clock, RunPhases& phases)
    : io_(io),
      plan_(plan),
      share_(std::move(share)),
      connector_(connector),
      clock_(clock),
      phases_(phases) {
  clients_.reserve(share_.clients.size());
  for (const ClientPlan& client : share_.clients) {
    clients_.push_back(std::make_unique<LoadClient>(client, plan_, clock_, stats_));
  }
}

asio::awaitable<void> LoadRun::Run() {
  started_ = last_begun_ = clock_.Now();
  asio::steady_timer timer(io_);
  auto next = std::chrono::steady_clock::now();
  for (size_t tick = 0; phase_ != RunPhase::kDone; ++tick) {
    const Timestamp now = clock_.Now();
    StartClients(now);
    Settle(now);
    Advance(now);
    for (const auto& client : clients_) client->TickMedia(now);
    for (size_t i = tick % kControlParts; i < clients_.size(); i += kControlParts) {
      clients_[i]->TickControl(now);
      if (const auto transport = clients_[i]->TakeMove(now)) {
        asio::co_spawn(io_, Connect(*clients_[i], *transport), asio::detached);
      }
    }
    next = std::max(next + kTick, std::chrono::steady_clock::now());
    timer.expires_at(next);
    net::error_code ignored;
    co_await timer.async_wait(net::Into(ignored));
  }
}

void LoadRun::StartClients(Timestamp now) {
  while (begun_ < clients_.size() && phase_ == RunPhase::kJoining && !phases_.stop) {
    const double place = share_.clients[begun_].index;
    const auto due_us = static_cast<int64_t>(place / plan_.joins_per_second * 1e6);
    if (now < started_ + Duration::Micros(due_us)) return;
    last_begun_ = now;
    clients_[begun_]->Begin();
    asio::co_spawn(io_,
                   Connect(*clients_[begun_], share_.transports[begun_ % share_.transports.size()]),
                   asio::detached);
    ++begun_;
  }
}

asio::awaitable<void> LoadRun::Connect(LoadClient& client, net::TransportKind transport) {
  ++running_;
  const auto ended = co_await connector_.Run(
      transport, [&client](net::Connection& connection) { return client.NewHandler(connection); });
  --running_;
  if (!ended) client.OnConnectFailed(ended.error().message);
}

// Counts clients that have joined or failed, in order, each once.
void LoadRun::Settle(Timestamp now) {
  if (phase_ != RunPhase::kJoining) return;
  const bool late = begun_ == clients_.size() && now - last_begun_ > kJoinTimeout;
  for (; settled_ < begun_; ++settled_) {
    LoadClient& client = *clients_[settled_];
    if (!client.joined() && !client.failed()) {
      if (!late) return;
      client.OnConnectFailed("no answer in time");
    }
    if (++phases_.settled != plan_.total_clients()) continue;
    phases_.measure_from_us = (now + plan_.warm_up).us();
  }
}

void LoadRun::Advance(Timestamp now) {
  const bool stop = phases_.stop;
  switch (phase_) {
    case RunPhase::kJoining:
      if (stop) return Enter(RunPhase::kLeaving, now);
      if (phases_.measure_from_us != INT64_MAX) Enter(RunPhase::kWarmingUp, now);
      return;
    case RunPhase::kWarmingUp:
      if (stop) return Enter(RunPhase::kLeaving, now);
      if (now.us() >= phases_.measure_from_us) Enter(RunPhase::kMeasuring, now);
      return;
    case RunPhase::kMeasuring:
      if (now >= measured_from_ + Duration::Seconds(seconds_ + 1)) {
        ++seconds_;
        for (const auto& client : clients_) client->TickSecond();
      }
      if (stop || now >= measured_from_ + plan_.measured) Enter(RunPhase::kDraining, now);
      return;
    case RunPhase::kDraining:
      if (now - phase_since_ >= kDrain) Enter(RunPhase::kLeaving, now);
      return;
    case RunPhase::kLeaving:
      if (running_ == 0 || now - phase_since_ >= kLeaveTimeout) Enter(RunPhase::kDone, now);
      return;
    case RunPhase::kDone:
      return;
  }
}

void LoadRun::Enter(RunPhase phase, Timestamp now) {
  const RunPhase before = std::exchange(phase_, phase);
  phase_since_ = now;
  if (phase == RunPhase::kMeasuring) {
    measured_from_ = measured_to_ = now;
    stats_.Restart();
    for (const auto& client : clients_) {
      client->Restart();
    }
  } else if (phase == RunPhase::kDraining) {
    measured_to_ = now;
    for (const auto& client : clients_) client->StopPublishing();
  } else if (phase == RunPhase::kLeaving) {
    for (const auto& client : clients_) {
      if (before == RunPhase::kDraining) client->Finish();
      client->Leave();
    }
  }
  if (on_phase_) on_phase_(phase);
}

}  // namespace ferry::client
