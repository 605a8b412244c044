#include "client/cli/client_app.h"

#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <iostream>

#include "client/cli/session_runner.h"
#include "client/cli/usersig_source.h"
#include "client/printable.h"

namespace ferry::client {

namespace asio = boost::asio;

namespace {
// For the gateway to answer to leave.
constexpr Duration kLeaveTimeout = Duration::Seconds(2);
constexpr int kTicksBetweenControl = 10;
}  // namespace

void ClientOptions::AddTo(CLI::App& app) {
  gateway.AddTo(app);
  user_sig.AddTo(app);
  room.AddTo(app);
  app.add_option("--duration", duration_s, "Seconds after which to leave; 0: only by SIGINT");
}

int ClientApp::Run(const ClientOptions& options, Role role) {
  const auto complain = [](const Error& error) {
    std::cerr << "ferry-cli: " << Printable(error.message) << std::endl;
    return 1;
  };
  const auto address = options.gateway.Address();
  if (!address) return complain(address.error());
  auto room = options.room.Id();
  if (!room) return complain(room.error());
  JoinParams join;
  join.user_id = options.room.user.empty() ? "cli-" + std::to_string(getpid()) : options.room.user;
  auto user = UserSigSource(options.user_sig, *address, options.gateway.Tls()).Sign(join.user_id);
  if (!user) return complain(user.error());
  join.sdk_app_id = user->sdk_app_id;
  join.user_sig = std::move(user->user_sig);
  join.room = std::move(*room);
  join.scene = options.room.live ? Scene::kLive : Scene::kRtc;
  join.role = role;
  join.client = "ferry-cli";

  asio::io_context io(1);
  session_ = std::make_unique<Session>(std::move(join), clock_, port_, *this);
  SessionRunner runner(io, Connector(io, *address, options.gateway.Tls()), *session_,
                       options.gateway.Transports());
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) Finish(0);
  });
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        const auto ended = co_await runner.Run();
        if (!ended) status_ = complain(ended.error());
        io.stop();
      },
      asio::detached);
  asio::co_spawn(io, Tick(io, options.duration_s), asio::detached);
  io.run();
  return status_;
}

asio::awaitable<void> ClientApp::Tick(asio::io_context& io, double duration_s) {
  asio::steady_timer timer(io);
  auto next = std::chrono::steady_clock::now();
  const Timestamp start = Now();
  std::optional<Timestamp> leaving_since;
  for (int tick = 0;; ++tick) {
    const Timestamp now = Now();
    if (session_->ended() || session_->leaving()) {
      if (!leaving_since) leaving_since = now;
      if (now - *leaving_since > kLeaveTimeout) {
        io.stop();
        co_return;
      }
    } else {
      OnTick(now);
      // The engine's timers run while it is asked for packets.
      session_->Wake();
      if (tick % kTicksBetweenControl == 0) session_->Tick();
      if (const auto round_trip = session_->round_trip()) engine().SetRoundTrip(*round_trip);
      if (duration_s > 0 && (now - start).seconds_f() >= duration_s) Finish(0);
    }
    next = std::max(next + std::chrono::microseconds(kTick.us()), std::chrono::steady_clock::now());
    timer.expires_at(next);
    net::error_code ignored;
    co_await timer.async_wait(net::Into(ignored));
  }
}

void ClientApp::Finish(int status) {
  status_ = std::max(status_, status);
  session_->Leave();
}

void ClientApp::Fail(const std::string& message) {
  std::cerr << "ferry-cli: " << Printable(message) << std::endl;
  Finish(1);
}

void ClientApp::OnRequestFailed(RequestType, const std::string& stream_id,
                                const RequestError& error) {
  Fail("the gateway refused" + (stream_id.empty() ? "" : " stream " + stream_id) + ": " +
       std::to_string(error.code) + " " + error.message);
}

void ClientApp::OnConnectionLost(const net::ConnectionEnd& end) {
  std::cerr << "the connection was lost";
  if (end.code != 0) std::cerr << ": " << end.code;
  if (!end.reason.empty()) std::cerr << (end.code != 0 ? " " : ": ") << Printable(end.reason);
  std::cerr << std::endl;
}

void ClientApp::OnResumed() { std::cerr << "resumed" << std::endl; }

void ClientApp::OnEnded(const SessionEnd& end) {
  if (end.cause == SessionEnd::Cause::kLeft) return;
  std::cerr << "ferry-cli: the session ended: " << end.code << " " << Printable(end.reason)
            << std::endl;
  status_ = 1;
}

}  // namespace ferry::client
