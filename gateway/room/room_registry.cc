#include "gateway/room/room_registry.h"

#include <functional>
#include <utility>

namespace ferry::gateway {
namespace {

std::unexpected<Refusal> Refuse(SignalingError code, std::string message) {
  return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
}

size_t Mix(size_t a, size_t b) { return a * 31 + b; }

}  // namespace

unsigned RoomRegistry::ShardOf(const RoomKey& key) {
  const size_t id = std::hash<RoomId>{}(key.id);
  return static_cast<unsigned>(Mix(id ^ id >> 7, key.sdk_app_id) % kShards);
}

RoomRegistry::Users& RoomRegistry::UsersOf(const UserKey& user) const {
  return users_[Mix(std::hash<std::string>{}(user.second), user.first) % kShards];
}

std::optional<RoomRegistry::Place> RoomRegistry::Find(const UserKey& user) const {
  const Users& users = UsersOf(user);
  const std::lock_guard lock(users.mutex);
  const auto found = users.places.find(user);
  return found == users.places.end() ? std::nullopt : std::optional(found->second);
}

bool RoomRegistry::Move(const UserKey& user, const std::optional<Place>& former,
                        const Place& next) {
  Users& users = UsersOf(user);
  const std::lock_guard lock(users.mutex);
  const auto found = users.places.find(user);
  const bool there = found != users.places.end();
  if (there != former.has_value() || (there && found->second != *former)) return false;
  users.places[user] = next;
  return true;
}

std::expected<void, Refusal> RoomRegistry::Admit(const RoomKey& key, const Room* former,
                                                 const Permissions& permissions) const {
  const auto& rooms = shards_[ShardOf(key)].rooms;
  const auto found = rooms.find(key);
  if (found == rooms.end()) {
    if (permissions.Allow(Permission::kCreateRoom)) return {};
    return Refuse(SignalingError::kNoPermission,
                  "join: there is no such room, and the permission ticket does not allow to create "
                  "it (privilege 1)");
  }
  const Room& room = *found->second;
  if (!room.full(/*one_leaves=*/&room == former)) return {};
  return Refuse(SignalingError::kRoomFull,
                "join: the room is full (" + std::to_string(room.size()) + " users)");
}

std::expected<Room*, Refusal> RoomRegistry::Enter(Participant& participant, const RoomKey& key,
                                                  Scene scene, ParticipantInfo info,
                                                  const std::optional<Place>& former,
                                                  const ApplicationQuota& quota) {
  if (info.hidden) return EnterHidden(participant, key, std::move(info));
  const UserKey user{key.sdk_app_id, info.user_id};
  // What `former` points to is his as long as he is there, which only the holder of its shard, the
  // caller, can end.
  if (Find(user) != former) return nullptr;
  const Room* left = former ? former->room : nullptr;
  if (auto admitted = Admit(key, left, info.permissions); !admitted) {
    return std::unexpected(std::move(admitted.error()));
  }
  const unsigned shard = ShardOf(key);
  auto& rooms = shards_[shard].rooms;
  const uint32_t app = key.sdk_app_id;
  if (!former) {
    if (auto taken = occupancy_.TakeUser(app, quota); !taken) {
      return std::unexpected(std::move(taken.error()));
    }
  }
  const bool one_ends = left && left->size() == 1;
  const bool makes = !rooms.contains(key) || (one_ends && left->key() == key);
  if (makes) {
    if (auto taken = occupancy_.TakeRoom(app, quota, one_ends); !taken) {
      if (!former) occupancy_.GiveBackUser(app);
      return std::unexpected(std::move(taken.error()));
    }
  }
  // Not to be found by whoever else is the same user before he is in: he waits for the shard.
  auto made = makes ? std::make_unique<Room>(key, next_room_++, scene, room_limits_) : nullptr;
  Room& room = makes ? *made : *rooms.at(key);
  if (!Move(user, former, {shard, &participant, &room})) {
    if (!former) occupancy_.GiveBackUser(app);
    if (makes) occupancy_.GiveBackRoom(app);
    return nullptr;
  }
  // May end the very room that is entered.
  if (former) Evict(*former, user.second, EvictReason::kReplaced);
  if (makes) rooms[key] = std::move(made);
  ++shards_[shard].users;
  room.Enter(participant, std::move(info));
  return &room;
}

std::expected<Room*, Refusal> RoomRegistry::EnterHidden(Participant& participant,
                                                        const RoomKey& key, ParticipantInfo info) {
  auto& rooms = shards_[ShardOf(key)].rooms;
  const auto found = rooms.find(key);
  if (found == rooms.end()) {
    return Refuse(SignalingError::kNotInRoom, "there is no room " + ToString(key));
  }
  if (found->second->full_of_hidden()) {
    return Refuse(SignalingError::kRoomFull, "too many hidden participants are in this room");
  }
  found->second->Enter(participant, std::move(info));
  return found->second.get();
}

void RoomRegistry::Leave(Participant& participant, Room& room, const std::string& user_id,
                         LeaveReason reason) {
  Shard& shard = shards_[ShardOf(room.key())];
  const size_t before = room.size();
  room.Leave(participant, reason);
  const bool visible = room.size() < before;
  if (visible) {
    --shard.users;
    const UserKey user{room.key().sdk_app_id, user_id};
    Users& users = UsersOf(user);
    const std::lock_guard lock(users.mutex);
    const auto found = users.places.find(user);
    // Unless he has entered again: then his place is the new one's.
    if (found != users.places.end() && found->second.participant == &participant) {
      users.places.erase(found);
      occupancy_.GiveBackUser(room.key().sdk_app_id);
    }
  }
  if (room.size() > 0) return;
  const auto hidden = room.hidden();
  for (Participant* left : hidden) room.Leave(*left, LeaveReason::kKicked);
  const RoomKey key = room.key();
  shard.rooms.erase(key);
  occupancy_.GiveBackRoom(key.sdk_app_id);
  for (Participant* left : hidden) left->OnEvicted(EvictReason::kDisbanded);
}

void RoomRegistry::Evict(const Place& place, const std::string& user_id, EvictReason reason) {
  Leave(*place.participant, *place.room, user_id, LeaveReason::kKicked);
  place.participant->OnEvicted(reason);
}

}  // namespace ferry::gateway
