// All rooms, and where each user is. Rooms are made by entering and end with their last user.
//
// Each room belongs to a shard, by its key, and whoever calls for a room has that shard to itself
// (ControlShard's lock). Users are found across shards.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "gateway/room/occupancy.h"
#include "gateway/room/room.h"

namespace ferry::gateway {

class RoomRegistry {
 public:
  // More than a machine has cores, so that workers seldom meet in one.
  static constexpr unsigned kShards = 16;

  struct Limits {
    // Fewer than the connections, so that who comes too late can still be told.
    size_t max_users = 9'000;
    size_t max_rooms = 5'000;
    RoomLimits room;
  };
  using UserKey = std::pair<uint32_t, std::string>;  // of which application
  // Where a user is.
  struct Place {
    unsigned shard = 0;
    Participant* participant = nullptr;  // with the shard locked alone
    Room* room = nullptr;                // likewise
    bool operator==(const Place&) const = default;
  };

  explicit RoomRegistry(const Limits& limits)
      : room_limits_(limits.room), occupancy_({limits.max_users, limits.max_rooms}) {}

  static unsigned ShardOf(const RoomKey& key);
  // Without any shard.
  std::optional<Place> Find(const UserKey& user) const;

  // With the shards of `key` and of `former`, which is what Find said. Enters; whoever has the same
  // userId of the same application, in whatever room, is evicted first, unless there is no place
  // for the new one. Who is hidden replaces nobody, and finds only rooms that are there. `quota` is
  // the application's, now. nullptr when the user is not at `former` any more: to be asked again.
  std::expected<Room*, Refusal> Enter(Participant& participant, const RoomKey& key, Scene scene,
                                      ParticipantInfo info, const std::optional<Place>& former,
                                      const ApplicationQuota& quota = {});
  // With the room's shard. Where he was the last user, the room ends, and all who were hidden in it
  // are evicted.
  void Leave(Participant& participant, Room& room, const std::string& user_id, LeaveReason reason);

  size_t room_count() const { return occupancy_.rooms(); }
  size_t user_count() const { return occupancy_.users(); }
  // With that shard.
  size_t rooms_of(unsigned shard) const { return shards_[shard].rooms.size(); }
  size_t users_of(unsigned shard) const { return shards_[shard].users; }

 private:
  struct Shard {
    std::map<RoomKey, std::unique_ptr<Room>> rooms;
    size_t users = 0;  // in them
  };
  // Of where users are: held for a look-up, whatever is locked besides.
  struct Users {
    mutable std::mutex mutex;
    std::map<UserKey, Place> places;
  };

  std::expected<Room*, Refusal> EnterHidden(Participant& participant, const RoomKey& key,
                                            ParticipantInfo info);
  // Whether there is a place for a user who leaves `former` (null: is nowhere yet), but for the
  // limits of all shards together.
  std::expected<void, Refusal> Admit(const RoomKey& key, const Room* former,
                                     const Permissions& permissions) const;
  // The user is at `next` from now on; false when he was not at `former`.
  bool Move(const UserKey& user, const std::optional<Place>& former, const Place& next);
  void Evict(const Place& place, const std::string& user_id, EvictReason reason);
  Users& UsersOf(const UserKey& user) const;

  const RoomLimits room_limits_;
  std::atomic<uint64_t> next_room_{1};
  Occupancy occupancy_;
  std::array<Shard, kShards> shards_;
  mutable std::array<Users, kShards> users_;
};

}  // namespace ferry::gateway
