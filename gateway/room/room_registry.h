// The rooms of one worker, and where each user is. Rooms are made by entering and end with their
// last user.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/room/room.h"

namespace ferry::gateway {

class RoomRegistry {
 public:
  explicit RoomRegistry(const RoomLimits& limits) : limits_(limits) {}

  struct Entry {
    Room* room;
    std::vector<UserInfo> users;  // already there
  };
  // Enters; whoever has the same userId of the same application, in whatever room, is evicted
  // first.
  std::expected<Entry, Refusal> Enter(RoomMember& member, const JoinRequest& join);
  void Leave(RoomMember& member, Room& room, const std::string& user_id, LeaveReason reason);

  size_t room_count() const { return rooms_.size(); }
  size_t user_count() const { return users_.size(); }

 private:
  using UserKey = std::pair<uint32_t, std::string>;

  const RoomLimits limits_;
  std::map<RoomKey, std::unique_ptr<Room>> rooms_;
  std::map<UserKey, RoomMember*> users_;
};

}  // namespace ferry::gateway
