// One room: who is in it, what they publish, and who is told of it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/sfu/send_queue.h"
#include "gateway/sfu/stream.h"
#include "gateway/signaling/messages.h"

namespace ferry::gateway {

// What a room needs of a user's session. A member outlives its time in the room.
class RoomMember {
 public:
  virtual ~RoomMember() = default;
  // Must not leave the room before it returns: the room is being walked through.
  virtual void Notify(const SharedText& message) = 0;
  // Out of the room at once (through RoomRegistry::Leave), told why, and disconnected.
  virtual void Evict(std::string_view reason) = 0;
};

struct RoomKey {
  uint32_t sdk_app_id = 0;
  RoomId id;
  auto operator<=>(const RoomKey&) const = default;
};
std::string ToString(const RoomKey& key);

struct RoomLimits {
  size_t max_rtc_users = 300;
  size_t max_live_users = 100'000;
  size_t max_publishers = 50;
};

class Room {
 public:
  Room(RoomKey key, Scene scene, const RoomLimits& limits);

  const RoomKey& key() const { return key_; }
  size_t size() const { return users_.size(); }
  bool empty() const { return users_.empty(); }
  // With one of its users gone when `one_leaves`.
  bool full(bool one_leaves) const;

  // Everybody already here (as far as they are announced), and tells them. The caller has checked
  // full() and that the member is not in yet.
  std::vector<UserInfo> Enter(RoomMember& member, std::string user_id, Role role);
  // Ends the member's streams, then tells the others.
  void Leave(RoomMember& member, LeaveReason reason);

  // Announces the stream; its forwarding is the session's.
  std::expected<StreamInfo, Refusal> Publish(RoomMember& member, const PublishRequest& request,
                                             StreamKey key, std::vector<EncodingInfo> encodings);
  // Returns the key the stream had.
  std::expected<StreamKey, Refusal> Unpublish(RoomMember& member, std::string_view stream_id);
  std::expected<void, Refusal> SetMuted(RoomMember& member, std::string_view stream_id, bool muted);
  // A stream of somebody other than `member`, to be subscribed to.
  std::expected<const Publication*, Refusal> Find(const RoomMember& member,
                                                  std::string_view stream_id) const;

 private:
  struct User {
    RoomMember* member;
    std::string user_id;
    Role role;
    std::vector<Publication> streams;
  };

  User& Get(const RoomMember& member);
  size_t publishers() const;
  void Broadcast(const RoomMember& except, std::string message);

  const RoomKey key_;
  const Scene scene_;
  const RoomLimits limits_;
  std::vector<std::unique_ptr<User>> users_;
  uint64_t next_stream_ = 1;
};

}  // namespace ferry::gateway
