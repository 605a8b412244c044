#include "gateway/room/room_registry.h"

namespace ferry::gateway {

std::expected<RoomRegistry::Entry, Refusal> RoomRegistry::Enter(RoomMember& member,
                                                                const JoinRequest& join) {
  const UserKey user{join.sdk_app_id, join.user_id};
  if (const auto other = users_.find(user); other != users_.end()) other->second->Evict("kick");
  const RoomKey key{join.sdk_app_id, join.room};
  auto found = rooms_.find(key);
  if (found == rooms_.end()) {
    found = rooms_.emplace(key, std::make_unique<Room>(key, join.scene, limits_)).first;
  }
  Room& room = *found->second;
  if (room.full()) {
    // A room without users is never full, so that none is left behind empty here.
    return std::unexpected(
        Refusal{std::nullopt, static_cast<int>(SignalingError::kRoomFull),
                "join: the room is full (" + std::to_string(room.size()) + " users)"});
  }
  users_[user] = &member;
  return Entry{&room, room.Enter(member, join.user_id, join.role)};
}

void RoomRegistry::Leave(RoomMember& member, Room& room, const std::string& user_id,
                         LeaveReason reason) {
  room.Leave(member, reason);
  const auto user = users_.find({room.key().sdk_app_id, user_id});
  if (user != users_.end() && user->second == &member) users_.erase(user);
  if (room.empty()) rooms_.erase(RoomKey(room.key()));
}

}  // namespace ferry::gateway
