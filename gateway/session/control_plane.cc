#include "gateway/session/control_plane.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace ferry::gateway {

ControlPlane::ControlPlane(const RoomRegistry::Limits& rooms, const SessionLimits& limits,
                           spdlog::logger& log, uint64_t seed, Directory* directory)
    : limits_(limits),
      local_(limits.node),
      directory_(directory ? directory : &local_),
      rooms_(rooms) {
  const ControlShard::Common common{limits, log, rooms_, mail_, grace_, departed_, draining_};
  std::mt19937_64 seeds(seed);
  for (unsigned i = 0; i < shards_.size(); ++i) {
    shards_[i] = std::make_unique<ControlShard>(i, common, seeds());
  }
}

template <typename Outcome, typename Try>
Outcome ControlPlane::WithShards(const RoomKey& key, const std::string& user_id, Try attempt) {
  const unsigned here = RoomRegistry::ShardOf(key);
  // Each turn but the last is one that somebody else has gone on in.
  for (;;) {
    const auto former = rooms_.Find({key.sdk_app_id, user_id});
    const unsigned there = former ? former->shard : here;
    const ControlShard::Guard lower(*shards_[std::min(here, there)]);
    std::optional<ControlShard::Guard> higher;
    if (here != there) higher.emplace(*shards_[std::max(here, there)]);
    if (auto outcome = attempt(former)) return std::move(*outcome);
  }
}

std::expected<ControlPlane::Joined, Refusal> ControlPlane::Join(const Entrant& entrant,
                                                                Timestamp now) {
  using Outcome = std::expected<Joined, Refusal>;
  const RoomKey key{entrant.join.sdk_app_id, entrant.join.room};
  return WithShards<Outcome>(
      key, entrant.join.user_id,
      [&](const std::optional<RoomRegistry::Place>& former) -> std::optional<Outcome> {
        ControlShard* there = former ? shards_[former->shard].get() : nullptr;
        auto joined = ShardOf(key).Join(entrant, former, there, now);
        if (joined && !joined->session) return std::nullopt;
        return joined;
      });
}

std::expected<Room*, Refusal> ControlPlane::Enter(Participant& participant, const RoomKey& key,
                                                  Scene scene, const ParticipantInfo& info) {
  using Outcome = std::expected<Room*, Refusal>;
  return WithShards<Outcome>(
      key, info.user_id,
      [&](const std::optional<RoomRegistry::Place>& former) -> std::optional<Outcome> {
        auto room = rooms_.Enter(participant, key, scene, info, former);
        if (room && *room == nullptr) return std::nullopt;
        return room;
      });
}

void ControlPlane::Leave(Participant& participant, Room& room, const std::string& user_id,
                         LeaveReason reason) {
  const ControlShard::Guard guard(ShardOf(room.key()));
  rooms_.Leave(participant, room, user_id, reason);
}

ControlShard& ControlPlane::ShardOfSession(std::string_view session_id) {
  static_assert(RoomRegistry::kShards == 16, "one hexadecimal digit names the shard");
  const char digit = session_id.empty() ? '0' : session_id.back();
  const bool letter = digit >= 'a' && digit <= 'f';
  const bool decimal = digit >= '0' && digit <= '9';
  // Anything else is no session's id: no shard has it.
  return *shards_[static_cast<size_t>(letter ? digit - 'a' + 10 : decimal ? digit - '0' : 0)];
}

std::expected<ControlPlane::Resumed, Refusal> ControlPlane::Resume(const ResumeRequest& resume,
                                                                   const Session::Place& place,
                                                                   Timestamp now) {
  ControlShard& shard = ShardOfSession(NameOf(resume.token).session);
  const ControlShard::Guard guard(shard);
  return shard.Resume(resume, place, now);
}

void ControlPlane::ExpireGrace(Timestamp now) {
  std::array<std::vector<std::shared_ptr<Session>>, RoomRegistry::kShards> due;
  for (auto& session : grace_.Due(now)) due[session->shard().index()].push_back(session);
  for (unsigned i = 0; i < due.size(); ++i) {
    if (due[i].empty()) continue;
    const ControlShard::Guard guard(*shards_[i]);
    shards_[i]->Expire(due[i], now);
  }
}

void ControlPlane::BeginDrain() {
  draining_ = true;
  const auto closing = std::make_shared<const std::string>(Closing("draining", true));
  for (const auto& shard : shards_) {
    const ControlShard::Guard guard(*shard);
    shard->SendToAll(closing);
  }
}

size_t ControlPlane::attached() const {
  int64_t attached = 0;
  for (const auto& shard : shards_) {
    const Metrics& metrics = shard->metrics();
    attached += metrics.sessions.value() - metrics.sessions_in_grace.value();
  }
  return static_cast<size_t>(std::max<int64_t>(attached, 0));
}

std::vector<const Metrics*> ControlPlane::metrics() const {
  std::vector<const Metrics*> metrics;
  for (const auto& shard : shards_) metrics.push_back(&shard->metrics());
  return metrics;
}

}  // namespace ferry::gateway
