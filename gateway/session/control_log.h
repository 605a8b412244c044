// The control messages of one session that its client has not acknowledged: docs/protocol.md §1.2.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace ferry::gateway {

// A control message without its number, shared when it goes to many.
using SharedText = std::shared_ptr<const std::string>;

class ControlLog {
 public:
  struct Limits {
    // What piles up in a room of 300 where everybody publishes four streams within one round trip.
    size_t max_messages = 2048;
    size_t max_bytes = 256 * 1024;
  };
  struct Entry {
    uint64_t seq;
    SharedText text;
  };

  // What is on its way over one connection: sent there and not acknowledged. Whatever the transport
  // takes, media waits behind no more than this on a slow path, and then has its turn. Clients are
  // to acknowledge every 32 messages at the latest, so that so many always go.
  static constexpr size_t kWindowBytes = 16 * 1024;
  static constexpr size_t kWindowMessages = 32;

  explicit ControlLog(const Limits& limits) : limits_(limits) {}

  // False when it is full: nothing is added, and the session cannot go on.
  [[nodiscard]] bool Push(SharedText text);
  // The next message to be sent over the present connection, whether the window is open or not.
  std::optional<Entry> Next();
  bool waiting() const { return next_ < first_ + messages_.size(); }
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
    return messages_.size() >= limits_.max_messages / 2 || bytes_ >= limits_.max_bytes / 2;
  }
  size_t size() const { return messages_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  const Limits limits_;
  std::deque<SharedText> messages_;
  uint64_t first_ = 1;  // number of messages_.front(), or of the next one pushed
  uint64_t next_ = 1;   // to be sent
  uint64_t sent_ = 0;   // the highest ever given out
  size_t bytes_ = 0;
  size_t bytes_on_way_ = 0;  // of first_ … next_
};

}  // namespace ferry::gateway
