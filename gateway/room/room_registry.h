// All rooms, and where each user is. Rooms are made by entering and end with their
// last user.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "gateway/room/room.h"

namespace ferry::gateway {

class RoomRegistry {
 public:
  struct Limits {
    // Fewer than the connections, so that who comes too late can still be told.
    size_t max_users = 9'000;
    size_t max_rooms = 5'000;
    RoomLimits room;
  };

  explicit RoomRegistry(const Limits& limits) : limits_(limits) {}

  // Enters; whoever has the same userId of the same application, in whatever room, is evicted
  // first, unless there is no place for the new one. Who is hidden replaces nobody, and finds only
  // rooms that are there. The room is never null.
  std::expected<Room*, Refusal> Enter(Participant& participant, const RoomKey& key, Scene scene,
                                      ParticipantInfo info);
  // Where he was the last user, the room ends, and who was hidden in it is evicted.
  void Leave(Participant& participant, Room& room, const std::string& user_id, LeaveReason reason);

  size_t room_count() const { return rooms_.size(); }
  size_t user_count() const { return users_.size(); }

 private:
  using UserKey = std::pair<uint32_t, std::string>;
  struct Place {
    Participant* participant;
    Room* room;
  };

  std::expected<Room*, Refusal> EnterHidden(Participant& participant, const RoomKey& key,
                                            ParticipantInfo info);
  // Whether there is a place for a user who leaves `former` (null: is nowhere yet).
  std::expected<void, Refusal> Admit(const RoomKey& key, const Room* former) const;

  const Limits limits_;
  uint64_t next_room_ = 1;
  std::map<RoomKey, std::unique_ptr<Room>> rooms_;
  std::map<UserKey, Place> users_;
};

}  // namespace ferry::gateway
