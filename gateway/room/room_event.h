// What happens in a room, as those who are in it are told.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>

#include "gateway/sfu/stream.h"
#include "gateway/signaling/messages.h"

namespace ferry::gateway {

struct UserEntered {
  std::string user_id;
};
struct UserLeft {
  std::string user_id;
  LeaveReason reason = LeaveReason::kLeft;
};
struct StreamAdded {
  std::string user_id;
  Publication stream;
};
// Muted or unmuted.
struct StreamUpdated {
  std::string user_id;
  Publication stream;
};
struct StreamRemoved {
  std::string user_id;
  Publication stream;
};

// One object for all who are told of it, on whatever threads.
class RoomEvent {
 public:
  using Body = std::variant<UserEntered, UserLeft, StreamAdded, StreamUpdated, StreamRemoved>;
  using Encoder = std::string (*)(const Body&);

  explicit RoomEvent(Body body) : body_(std::move(body)) {}

  const Body& body() const { return body_; }
  // As it goes over the wire: made by the first who asks, on that one's thread, and once for all.
  // All who ask give the same encoder.
  const std::string& Encoded(Encoder encode) const {
    std::call_once(encoded_, [&] { text_ = encode(body_); });
    return text_;
  }

 private:
  const Body body_;
  mutable std::once_flag encoded_;
  mutable std::string text_;
};
using SharedRoomEvent = std::shared_ptr<const RoomEvent>;

inline SharedRoomEvent MakeRoomEvent(RoomEvent::Body body) {
  return std::make_shared<const RoomEvent>(std::move(body));
}

}  // namespace ferry::gateway
