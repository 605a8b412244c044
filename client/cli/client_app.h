// What publish and play have in common: one user's session with the media engine behind it, run
// until it ends, its time is up or a signal comes.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "client/cli/options.h"
#include "client/media/engine_port.h"
#include "client/session.h"

namespace ferry::client {

struct ClientOptions {
  GatewayOptions gateway;
  UserSigOptions user_sig;
  RoomOptions room;
  double duration_s = 0;  // 0: without end

  void AddTo(CLI::App& app);
};

class ClientApp : public SessionListener {
 public:
  // Between two calls of OnTick.
  static constexpr Duration kTick = Duration::Millis(10);

  // Returns the program's status.
  int Run(const ClientOptions& options, Role role);

 protected:
  virtual void OnTick(Timestamp now) = 0;

  Session& session() { return *session_; }
  EnginePort& port() { return port_; }
  session::MediaSession& engine() { return port_.engine(); }
  Timestamp Now() const { return clock_.Now(); }
  // Leaves the room, after which the program ends with that status.
  void Finish(int status);
  // Says what went wrong on standard error, and finishes.
  void Fail(const std::string& message);

  void OnRequestFailed(RequestType type, const std::string& stream_id,
                       const RequestError& error) override;
  void OnConnectionLost(const net::ConnectionEnd& end) override;
  void OnResumed() override;
  void OnEnded(const SessionEnd& end) override;

 private:
  boost::asio::awaitable<void> Tick(boost::asio::io_context& io, double duration_s);

  SystemClock clock_;
  EnginePort port_{static_cast<uint64_t>(clock_.Now().us())};
  std::unique_ptr<Session> session_;
  int status_ = 0;
};

}  // namespace ferry::client
