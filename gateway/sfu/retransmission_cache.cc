#include "gateway/sfu/retransmission_cache.h"

#include <algorithm>
#include <utility>

#include "core/base/sequence_number.h"

namespace ferry::gateway {

void RetransmissionBudget::Tick(Timestamp now) {
  metrics_.retransmission_cache_bytes.Add(static_cast<int64_t>(bytes_) - told_bytes_);
  told_bytes_ = static_cast<int64_t>(bytes_);
  const bool sweep = now - last_sweep_ >= kSweepInterval;
  if (!sweep && !exceeded()) return;
  if (sweep) last_sweep_ = now;
  for (RetransmissionCache* cache : caches_) {
    cache->Expire(now);
    cache->Trim();
  }
}

RetransmissionCache::RetransmissionCache(RetransmissionBudget& budget, size_t max_packets)
    : budget_(budget), max_packets_(max_packets), index_(budget.caches_.size()) {
  budget_.caches_.push_back(this);
}

RetransmissionCache::~RetransmissionCache() {
  budget_.bytes_ -= bytes_;
  budget_.caches_[index_] = budget_.caches_.back();
  budget_.caches_[index_]->index_ = index_;
  budget_.caches_.pop_back();
}

void RetransmissionCache::Put(OutgoingPacket packet, size_t sharers, Timestamp now) {
  PopExpired(now);
  // Almost always it is the newest.
  const uint16_t number = packet.sequence_number;
  size_t place = entries_.size();
  while (place > 0 && !IsNewer(number, entries_[place - 1].sequence_number)) {
    if (--place + kMaxReordering < entries_.size()) return;
  }
  if (place < entries_.size() && entries_[place].sequence_number == number) return;
  if (entries_.size() >= max_packets_) {
    if (place == 0) return;  // older than all that are kept
    PopOldest();
    --place;
  }

  Entry& entry = entries_.Append();
  entry = {.packet = std::move(packet.packet),
           .first_sent = now,
           .last_sent = now,
           .bytes = static_cast<uint32_t>(sizeof(Entry) +
                                          sizeof(MediaPacket) / std::max<size_t>(sharers, 1)),
           .timestamp = packet.timestamp,
           .sequence_number = number,
           .picture = packet.picture};
  bytes_ += entry.bytes;
  budget_.bytes_ += entry.bytes;
  for (size_t i = entries_.size() - 1; i > place; --i) std::swap(entries_[i], entries_[i - 1]);
  Trim();
}

void RetransmissionCache::Trim() {
  while (budget_.exceeded() && bytes_ > budget_.share()) {
    PopOldest();
    budget_.metrics_.retransmission_cache_evictions.Add();
  }
}

void RetransmissionCache::PopOldest() {
  const Entry oldest = entries_.pop_front();
  bytes_ -= oldest.bytes;
  budget_.bytes_ -= oldest.bytes;
}

void RetransmissionCache::PopExpired(Timestamp now) {
  while (!entries_.empty() && now - entries_.front().first_sent > kMaxAge) PopOldest();
}

void RetransmissionCache::Expire(Timestamp now) {
  PopExpired(now);
  if (entries_.empty()) entries_.Clear();
}

size_t RetransmissionCache::LowerBound(uint16_t sequence_number) const {
  size_t first = 0;
  for (size_t count = entries_.size(); count > 0;) {
    const size_t half = count / 2;
    if (IsNewer(sequence_number, entries_[first + half].sequence_number)) {
      first += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return first;
}

const RetransmissionCache::Entry* RetransmissionCache::Find(uint16_t sequence_number) const {
  const size_t place = LowerBound(sequence_number);
  if (place == entries_.size()) return nullptr;
  const Entry& entry = entries_[place];
  return entry.sequence_number == sequence_number ? &entry : nullptr;
}

RetransmissionCache::Entry* RetransmissionCache::Find(uint16_t sequence_number) {
  return const_cast<Entry*>(std::as_const(*this).Find(sequence_number));
}

}  // namespace ferry::gateway
