// What workers send each other: media through a ring without locks for each ordered pair of
// workers, the rare rest through a mailbox of the receiver.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "core/rtp/rtcp.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/spsc_ring.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

struct LinkedPacket {
  StreamId key;
  PacketRef packet;
};

// 2048 packets of 1200 bytes in 10 ms are 2 Gbps between two workers: who is behind by more has
// lost its real time.
inline constexpr size_t kLinkCapacity = 2048;
using MediaLink = SpscRing<LinkedPacket>;

// Of the worker that has subscribers, to that of the publisher.
struct AttachMessage {};
struct DetachMessage {};
struct KeyframeRequestMessage {
  size_t encoding = 0;
};
// Of the publisher's worker to those with subscribers.
struct AttachedMessage {};
struct UnknownStreamMessage {};
struct StreamEndedMessage {};
struct StreamMovedMessage {};  // to the sender
struct SenderReportMessage {
  rtp::SenderReport report;
};

struct Mail {
  unsigned from = 0;
  StreamId key;
  std::variant<AttachMessage, DetachMessage, KeyframeRequestMessage, AttachedMessage,
               UnknownStreamMessage, StreamEndedMessage, StreamMovedMessage, SenderReportMessage>
      body;
};

class Mailbox {
 public:
  // Some 2 MB, of a worker that has not run for long. Beyond it mail is dropped: reports and
  // requests are repeated anyway, and for the rest the receiver asks anew (SfuWorker::Run).
  static constexpr size_t kMaxMail = 16'384;

  // From any thread. False when it is full.
  bool Post(Mail mail) {
    const bool repeated = std::holds_alternative<SenderReportMessage>(mail.body) ||
                          std::holds_alternative<KeyframeRequestMessage>(mail.body);
    const std::lock_guard lock(mutex_);
    if (mail_.size() >= kMaxMail) {
      lost_ |= !repeated;
      return false;
    }
    mail_.push_back(std::move(mail));
    waits_.store(true, std::memory_order_release);
    return true;
  }
  // False when something was lost that is not repeated. Without the lock when there is nothing,
  // which is so most times that media comes.
  bool TakeAll(std::vector<Mail>& into) {
    into.clear();
    if (!waits_.exchange(false, std::memory_order_acquire)) return true;
    const std::lock_guard lock(mutex_);
    mail_.swap(into);
    return !std::exchange(lost_, false);
  }

 private:
  std::atomic<bool> waits_{false};
  std::mutex mutex_;
  std::vector<Mail> mail_;
  bool lost_ = false;
};

}  // namespace ferry::gateway
