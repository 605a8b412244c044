// The control plane on many threads at once.
#include "gateway/session/control_plane.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace ferry::gateway {
namespace {

constexpr unsigned kThreads = 4;
constexpr int kTurns = 400;
constexpr Timestamp kNow = Timestamp::Millis(1'000'000);

class ControlPlaneTest : public ::testing::Test {
 protected:
  using Sessions = std::vector<std::shared_ptr<Session>>;

  ControlPlaneTest() {
    for (unsigned i = 0; i < kThreads; ++i) control.AddWorker([] {});
  }

  // Of any shard, with it locked.
  static bool Ended(const Session& session) {
    const ControlShard::Guard guard(session.shard());
    return session.ending().has_value();
  }
  // A few users who enter many rooms, lose their connections and leave.
  void Wander(unsigned worker, Sessions& sessions) {
    std::mt19937 random(worker);
    for (int turn = 0; turn < kTurns; ++turn) {
      const JoinRequest join{.sdk_app_id = 1,
                             .user_id = "user" + std::to_string(random() % 6),
                             .room = RoomId(static_cast<uint32_t>(1 + random() % 40))};
      const auto joined = control.Join({.join = join,
                                        .request_id = 1,
                                        .budget = ControlBudget(limits),
                                        .place = {.worker = worker}},
                                       kNow);
      if (joined) {
        Session& session = *sessions.emplace_back(joined->session);
        Lose(session, static_cast<unsigned>(random()));
      }
      control.mail().Take(worker);
      if (turn % 50 == 0) control.ExpireGrace(kNow + limits.resume_timeout);
    }
  }
  static void Lose(Session& session, unsigned how) {
    const ControlShard::Guard guard(session.shard());
    if (session.ending()) return;
    if (how % 3 == 0) session.shard().Detach(session, kNow);
    if (how % 3 == 1) session.shard().End(session, LeaveReason::kLeft, CloseCode::kNormal, "left");
  }
  int64_t Total(Count Metrics::*count) const {
    int64_t total = 0;
    for (const Metrics* metrics : control.metrics()) total += (metrics->*count).value();
    return total;
  }

  SessionLimits limits{.max_sessions_in_grace = 2};
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
  ControlPlane control{{.max_users = 6, .max_rooms = 6}, limits, log, /*seed=*/1};
};

TEST_F(ControlPlaneTest, AUserIsInOnePlaceOnWhateverThreadsHeEnters) {
  std::vector<Sessions> sessions(kThreads);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, i, &sessions] { Wander(i, sessions[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, int> places;
  for (const Sessions& each : sessions) {
    for (const auto& session : each) {
      if (!Ended(*session)) ++places[session->user_id()];
    }
  }
  for (const auto& [user, count] : places) EXPECT_EQ(count, 1) << user;
  EXPECT_EQ(control.rooms().user_count(), places.size());
  EXPECT_EQ(Total(&Metrics::participants), static_cast<int64_t>(places.size()));
  EXPECT_EQ(Total(&Metrics::rooms), static_cast<int64_t>(control.rooms().room_count()));
  EXPECT_LE(Total(&Metrics::sessions_in_grace), 2);
  for (const Sessions& each : sessions) {
    for (const auto& session : each) Lose(*session, 1);
  }
  EXPECT_EQ(control.rooms().user_count(), 0u);
  EXPECT_EQ(control.rooms().room_count(), 0u);
  EXPECT_EQ(Total(&Metrics::sessions) + Total(&Metrics::sessions_in_grace), 0);
  control.BeginDrain();
  EXPECT_EQ(control.attached(), 0u);
}

}  // namespace
}  // namespace ferry::gateway
