// What all workers share: the rooms and the sessions, by shard, and how workers reach each other.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/units.h"
#include "gateway/base/metrics.h"
#include "gateway/room/room_registry.h"
#include "gateway/session/control_shard.h"
#include "gateway/session/departed_budgets.h"
#include "gateway/session/directory.h"
#include "gateway/session/grace_list.h"
#include "gateway/session/session_limits.h"
#include "gateway/session/worker_mail.h"

namespace spdlog {
class logger;
}

namespace ferry::gateway {

// Any thread may call what is here, with no shard locked.
class ControlPlane {
 public:
  static constexpr size_t kMaxWorkers = WorkerMail::kMaxWorkers;
  using Entrant = ControlShard::Entrant;
  using Joined = ControlShard::Joined;
  using Resumed = ControlShard::Resumed;

  // `limits` and `directory` outlive it; without a directory the gateway is alone.
  ControlPlane(const RoomRegistry::Limits& rooms, const SessionLimits& limits, spdlog::logger& log,
               uint64_t seed, Directory* directory = nullptr);

  // Before any thread starts: see WorkerMail.
  unsigned AddWorker(std::function<void()> wake) { return mail_.AddWorker(std::move(wake)); }
  WorkerMail& mail() { return mail_; }
  Directory& directory() { return *directory_; }

  // What concerns one room or session is asked of its shard.
  ControlShard& ShardOf(const RoomKey& key) { return *shards_[RoomRegistry::ShardOf(key)]; }

  std::expected<Joined, Refusal> Join(const Entrant& entrant, Timestamp now);
  std::expected<Resumed, Refusal> Resume(const ResumeRequest& resume, const Session::Place& place,
                                         Timestamp now);
  // Who is no session.
  std::expected<Room*, Refusal> Enter(Participant& participant, const RoomKey& key, Scene scene,
                                      const ParticipantInfo& info);
  void Leave(Participant& participant, Room& room, const std::string& user_id, LeaveReason reason);
  // Ends the sessions that were not resumed in time.
  void ExpireGrace(Timestamp now);

  // No more joins; tells every client.
  void BeginDrain();
  bool draining() const { return draining_; }
  // Sessions with a connection.
  size_t attached() const;

  const RoomRegistry& rooms() const { return rooms_; }
  StreamId NewStreamId() { return {limits_.node, next_stream_++}; }
  const SessionLimits& limits() const { return limits_; }
  // To be summed up.
  std::vector<const Metrics*> metrics() const;

 private:
  using Shards = std::array<std::unique_ptr<ControlShard>, RoomRegistry::kShards>;

  // Locks the shard of a room and that of the place its user is at, and makes attempts until the
  // user is where it was said to be.
  template <typename Outcome, typename Try>
  Outcome WithShards(const RoomKey& key, const std::string& user_id, Try attempt);
  ControlShard& ShardOfSession(std::string_view session_id);

  const SessionLimits& limits_;
  LocalDirectory local_;
  Directory* const directory_;
  std::atomic<bool> draining_{false};
  std::atomic<uint64_t> next_stream_{1};
  RoomRegistry rooms_;
  WorkerMail mail_;
  GraceList grace_;
  DepartedBudgets departed_;
  Shards shards_;
};

}  // namespace ferry::gateway
