// Who is in a room, whatever carries him there: a browser's or native client's session is one kind.
#pragma once

#include <cstdint>
#include <string>

#include "gateway/auth/permission_ticket.h"
#include "gateway/room/room_event.h"
#include "gateway/sfu/stream.h"
#include "net/protocol.h"

namespace ferry::gateway {

enum class TerminalType { kBrowser, kNative, kOther };

// What the room is told of a participant when he enters.
struct ParticipantInfo {
  std::string user_id;
  net::Role role = net::Role::kAnchor;
  TerminalType terminal = TerminalType::kOther;
  Permissions permissions;
  // Sees the room without being seen: is not announced, takes no user's place, publishes nothing,
  // and keeps no room open that has no users.
  bool hidden = false;
};

enum class EvictReason {
  kReplaced,   // the same user entered again
  kDisbanded,  // the room has ended
};

// All calls come with the room locked, which is being walked through: a participant must not enter
// or leave a room before they return.
class Participant {
 public:
  // Where his media is: a node, and a worker of it.
  struct Home {
    uint32_t node = 0;
    unsigned worker = 0;
  };

  virtual ~Participant() = default;
  virtual Home home() const = 0;
  // Something happened to a user of whom he was told.
  virtual void OnEvent(const SharedRoomEvent& event) = 0;
  // Somebody entered or left. False when so much waits for him that he is to be told later
  // (Room::CatchUp).
  virtual bool OnPresence(const SharedRoomEvent& event) = 0;
  // He is so far behind that he is not told of who leaves any more, and must leave soon.
  virtual void GiveUp() = 0;
  // A stream of somebody else has ended, known to him or not, and a subscription to it.
  virtual void OnStreamEnded(StreamId stream) = 0;
  // He is out of the room, which may be gone already, and is told why.
  virtual void OnEvicted(EvictReason reason) = 0;
};

}  // namespace ferry::gateway
