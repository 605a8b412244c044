#include "gateway/room/room_registry.h"

namespace ferry::gateway {

std::expected<void, Refusal> RoomRegistry::Admit(const RoomKey& key, const Room* former) const {
  const auto refuse = [](SignalingError code, std::string message) {
    return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
  };
  if (users_.size() >= limits_.max_users + (former ? 1 : 0)) {
    return refuse(SignalingError::kGatewayFull,
                  "join: the gateway is full (" + std::to_string(users_.size()) + " users)");
  }
  const auto found = rooms_.find(key);
  if (found == rooms_.end()) {
    const bool one_ends = former && former->size() == 1;
    if (rooms_.size() < limits_.max_rooms + (one_ends ? 1 : 0)) return {};
    return refuse(SignalingError::kGatewayFull,
                  "join: the gateway is full (" + std::to_string(rooms_.size()) + " rooms)");
  }
  const Room& room = *found->second;
  if (!room.full(/*one_leaves=*/&room == former)) return {};
  return refuse(SignalingError::kRoomFull,
                "join: the room is full (" + std::to_string(room.size()) + " users)");
}

std::expected<Room*, Refusal> RoomRegistry::Enter(RoomMember& member, const JoinRequest& join) {
  const UserKey user{join.sdk_app_id, join.user_id};
  const RoomKey key{join.sdk_app_id, join.room};
  const auto other = users_.find(user);
  const bool replaces = other != users_.end();
  if (auto admitted = Admit(key, replaces ? other->second.room : nullptr); !admitted) {
    return std::unexpected(std::move(admitted.error()));
  }
  // May end the very room that is entered.
  if (replaces) other->second.member->Evict("kick");
  auto found = rooms_.find(key);
  if (found == rooms_.end()) {
    auto made = std::make_unique<Room>(key, next_room_++, join.scene, limits_.room);
    found = rooms_.emplace(key, std::move(made)).first;
  }
  Room& room = *found->second;
  users_[user] = {&member, &room};
  room.Enter(member, join.user_id, join.role);
  return &room;
}

void RoomRegistry::Leave(RoomMember& member, Room& room, const std::string& user_id,
                         LeaveReason reason) {
  room.Leave(member, reason);
  const auto user = users_.find({room.key().sdk_app_id, user_id});
  if (user != users_.end() && user->second.member == &member) users_.erase(user);
  if (room.empty()) rooms_.erase(RoomKey(room.key()));
}

}  // namespace ferry::gateway
