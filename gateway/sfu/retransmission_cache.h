// What was sent of one stream to one subscriber, kept for a while to be sent again.
//
// The packets are shared with the other subscribers of the stream, so that each keeps its part of
// them. What all caches of a worker keep together is bounded: beyond it the caches that hold more
// than an equal share give up their oldest, so that whoever fills it pays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/units.h"
#include "gateway/base/metrics.h"
#include "gateway/sfu/ring_queue.h"
#include "gateway/sfu/send_queue.h"

namespace ferry::gateway {

class RetransmissionCache;

// Of one worker; outlives its caches.
class RetransmissionBudget {
 public:
  // A second of 2 Gbps to subscribers of all different streams is a quarter of a gigabyte, to
  // hundreds of each stream some 20 MB.
  static constexpr size_t kMaxBytes = 64 * 1024 * 1024;
  // How often caches are looked at whose streams send nothing any more.
  static constexpr Duration kSweepInterval = Duration::Millis(250);

  explicit RetransmissionBudget(Metrics& metrics, size_t max_bytes = kMaxBytes)
      : metrics_(metrics), max_bytes_(max_bytes) {}

  void Tick(Timestamp now);
  size_t bytes() const { return bytes_; }

 private:
  friend class RetransmissionCache;
  bool exceeded() const { return bytes_ > max_bytes_; }
  size_t share() const { return max_bytes_ / caches_.size(); }

  Metrics& metrics_;
  const size_t max_bytes_;
  size_t bytes_ = 0;
  int64_t told_bytes_ = 0;  // of them, in the metrics
  std::vector<RetransmissionCache*> caches_;
  Timestamp last_sweep_;
};

class RetransmissionCache {
 public:
  // What is older comes too late to be played.
  static constexpr Duration kMaxAge = Duration::Millis(1000);
  // A packet that comes later than so many that follow it is not kept.
  static constexpr size_t kMaxReordering = 64;

  // Small: there is one for each packet of a second and subscription.
  struct Entry {
    PacketRef packet;
    Timestamp first_sent;
    Timestamp last_sent;
    uint32_t bytes = 0;      // that are charged for it
    uint32_t timestamp = 0;  // this and the rest as it was sent
    uint16_t sequence_number = 0;
    PictureNumbers picture;
    uint8_t resends = 0;
  };

  RetransmissionCache(RetransmissionBudget& budget, size_t max_packets);
  ~RetransmissionCache();
  RetransmissionCache(const RetransmissionCache&) = delete;
  RetransmissionCache& operator=(const RetransmissionCache&) = delete;

  // `sharers`: subscribers who get the same packet on this worker, this one included.
  void Put(OutgoingPacket packet, size_t sharers, Timestamp now);
  // Null when it was not sent or is gone. Until the next call of another function.
  Entry* Find(uint16_t sequence_number);
  const Entry* Find(uint16_t sequence_number) const;
  // Forgets what is too old; without a packet, the memory too.
  void Expire(Timestamp now);

  size_t packets() const { return entries_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  friend class RetransmissionBudget;

  void PopOldest();
  void PopExpired(Timestamp now);
  // Beyond its share while the worker's budget is exceeded.
  void Trim();
  size_t LowerBound(uint16_t sequence_number) const;

  RetransmissionBudget& budget_;
  const size_t max_packets_;
  size_t index_;  // in the budget's list
  size_t bytes_ = 0;
  RingQueue<Entry> entries_;  // by sequence number
};

}  // namespace ferry::gateway
