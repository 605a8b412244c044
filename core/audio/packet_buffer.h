// The packets that wait to be decoded, in playout order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/units.h"

namespace ferry {

struct BufferedPacket {
  int64_t sequence_number = 0;  // unwrapped
  int64_t timestamp = 0;        // unwrapped, 48 kHz
  int samples = 0;              // per channel
  bool has_fec = false;
  Timestamp arrival;
  std::vector<uint8_t> payload;

  int64_t end() const { return timestamp + samples; }
};

// Holds at most `max_packets`; at one more the oldest goes.
class PacketBuffer {
 public:
  enum class InsertResult { kInserted, kDuplicate, kInsertedDroppedOldest };

  explicit PacketBuffer(size_t max_packets) : max_packets_(max_packets) {}

  InsertResult Insert(BufferedPacket packet);
  bool empty() const { return packets_.empty(); }
  bool full() const { return packets_.size() >= max_packets_; }
  size_t max_packets() const { return max_packets_; }
  size_t size() const { return packets_.size(); }
  // Only while not empty.
  const BufferedPacket& front() const { return packets_.front(); }
  const BufferedPacket& back() const { return packets_.back(); }
  BufferedPacket PopFront();
  void Clear() { packets_.clear(); }

  // The sound the packets hold, without the gaps between them.
  int64_t samples() const;

 private:
  size_t max_packets_;
  std::vector<BufferedPacket> packets_;  // by timestamp
};

}  // namespace ferry
