// The control messages of one session that its client has not acknowledged: docs/protocol.md §1.2.
//
// Of what happens to a stream the latest waits alone: whoever toggles something as fast as he may
// fills nobody's log.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "gateway/room/room_event.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

// A control message without its number, shared when it goes to many.
using SharedText = std::shared_ptr<const std::string>;

class ControlMessage {
 public:
  ControlMessage(SharedText text) : content_(std::move(text)), bytes_(Measure()) {}
  ControlMessage(std::string text)
      : ControlMessage(std::make_shared<const std::string>(std::move(text))) {}
  ControlMessage(SharedRoomEvent event) : content_(std::move(event)), bytes_(Measure()) {}
  // What a subscription to `stream` receives: takes the place of the last of its kind.
  static ControlMessage OfSubscription(StreamId stream, std::string text);

  // Made now, if nobody has needed it before: not with anything locked.
  const std::string& text() const;
  // At least those of the text.
  size_t bytes() const { return bytes_; }
  const RoomEvent::Body* event() const;
  const std::optional<StreamId>& subscription() const { return subscription_; }

 private:
  size_t Measure() const;

  std::variant<SharedText, SharedRoomEvent> content_;
  size_t bytes_;
  std::optional<StreamId> subscription_;
};

class ControlLog {
 public:
  struct Limits {
    // What piles up in a room of 300 where everybody publishes four streams within one round trip.
    size_t max_messages = 2048;
    size_t max_bytes = 256 * 1024;
  };
  struct Entry {
    uint64_t seq;
    ControlMessage message;
  };

  // What is on its way over one connection: sent there and not acknowledged. Whatever the transport
  // takes, media waits behind no more than this on a slow path, and then has its turn. Clients are
  // to acknowledge every 32 messages at the latest, so that so many always go.
  static constexpr size_t kWindowBytes = 16 * 1024;
  static constexpr size_t kWindowMessages = 32;

  explicit ControlLog(const Limits& limits) : limits_(limits) {}

  // False when it is full: nothing is added, and the session cannot go on.
  [[nodiscard]] bool Push(ControlMessage message);
  // What waits of a subscription that has ended.
  void ForgetSubscription(StreamId stream);
  // The next message to be sent over the present connection, whether the window is open or not.
  std::optional<Entry> Next();
  bool waiting() const { return next_ < first_ + sent_.size() || !unsent_.empty(); }
  // Whether as much is on its way as may be.
  bool window_full() const {
    return bytes_on_way_ >= kWindowBytes && next_ - first_ >= kWindowMessages;
  }

  // The client has everything up to `seq`. False when that was never sent.
  bool Acknowledge(uint64_t seq);
  // A new connection of a client that has everything up to `ack`. False when that was never sent.
  bool Rewind(uint64_t ack);

  // Whether what may be told later had better wait.
  bool half_full() const {
    return size() >= limits_.max_messages / 2 || bytes_ >= limits_.max_bytes / 2;
  }
  size_t size() const { return sent_.size() + unsent_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  using Unsent = std::list<ControlMessage>;
  // What waits of one stream and was never sent.
  struct OfStream {
    std::optional<Unsent::iterator> added;
    std::optional<Unsent::iterator> updated;
    std::optional<Unsent::iterator> subscription;
    bool empty() const { return !added && !updated && !subscription; }
  };
  // Where a message stands that a later one of its stream may replace or make void.
  struct Slot {
    StreamId stream;
    std::optional<Unsent::iterator> OfStream::*place;
  };
  static std::optional<Slot> SlotOf(const ControlMessage& message);
  bool Replace(const Slot& slot, ControlMessage& message);
  // False when its beginning was never told either.
  bool ForgetStream(StreamId stream);
  void Erase(std::optional<Unsent::iterator>& place);

  const Limits limits_;
  std::deque<ControlMessage> sent_;  // over some connection: each has its number for good
  Unsent unsent_;
  std::unordered_map<StreamId, OfStream> streams_;  // none of them empty
  uint64_t first_ = 1;  // number of sent_.front(), or of the next one that is sent first
  uint64_t next_ = 1;   // to be sent over the present connection
  size_t bytes_ = 0;
  size_t bytes_on_way_ = 0;  // of first_ … next_
};

}  // namespace ferry::gateway
