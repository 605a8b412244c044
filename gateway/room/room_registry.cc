#include "gateway/room/room_registry.h"

#include <utility>

namespace ferry::gateway {
namespace {

std::unexpected<Refusal> Refuse(SignalingError code, std::string message) {
  return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
}

}  // namespace

std::expected<void, Refusal> RoomRegistry::Admit(const RoomKey& key, const Room* former) const {
  if (users_.size() >= limits_.max_users + (former ? 1 : 0)) {
    return Refuse(SignalingError::kGatewayFull,
                  "join: the gateway is full (" + std::to_string(users_.size()) + " users)");
  }
  const auto found = rooms_.find(key);
  if (found == rooms_.end()) {
    const bool one_ends = former && former->size() == 1;
    if (rooms_.size() < limits_.max_rooms + (one_ends ? 1 : 0)) return {};
    return Refuse(SignalingError::kGatewayFull,
                  "join: the gateway is full (" + std::to_string(rooms_.size()) + " rooms)");
  }
  const Room& room = *found->second;
  if (!room.full(/*one_leaves=*/&room == former)) return {};
  return Refuse(SignalingError::kRoomFull,
                "join: the room is full (" + std::to_string(room.size()) + " users)");
}

std::expected<Room*, Refusal> RoomRegistry::Enter(Participant& participant, const RoomKey& key,
                                                  Scene scene, ParticipantInfo info) {
  if (info.hidden) return EnterHidden(participant, key, std::move(info));
  const UserKey user{key.sdk_app_id, info.user_id};
  const auto other = users_.find(user);
  const bool replaces = other != users_.end();
  if (auto admitted = Admit(key, replaces ? other->second.room : nullptr); !admitted) {
    return std::unexpected(std::move(admitted.error()));
  }
  if (!rooms_.contains(key) && !info.permissions.Allow(Permission::kCreateRoom)) {
    return Refuse(SignalingError::kNoPermission,
                  "join: there is no such room, and the permission ticket does not allow to create "
                  "it (privilege 1)");
  }
  // May end the very room that is entered.
  if (replaces) other->second.participant->Evict(EvictReason::kReplaced);
  auto found = rooms_.find(key);
  if (found == rooms_.end()) {
    auto made = std::make_unique<Room>(key, next_room_++, scene, limits_.room);
    found = rooms_.emplace(key, std::move(made)).first;
  }
  Room& room = *found->second;
  users_[user] = {&participant, &room};
  room.Enter(participant, std::move(info));
  return &room;
}

std::expected<Room*, Refusal> RoomRegistry::EnterHidden(Participant& participant,
                                                        const RoomKey& key, ParticipantInfo info) {
  const auto found = rooms_.find(key);
  if (found == rooms_.end()) {
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
  room.Leave(participant, reason);
  const auto user = users_.find({room.key().sdk_app_id, user_id});
  if (user != users_.end() && user->second.participant == &participant) users_.erase(user);
  if (room.size() > 0) return;
  // The last of them leaves through here, and takes the room with him.
  if (const auto hidden = room.hidden(); !hidden.empty()) {
    return hidden.front()->Evict(EvictReason::kDisbanded);
  }
  rooms_.erase(RoomKey(room.key()));
}

}  // namespace ferry::gateway
