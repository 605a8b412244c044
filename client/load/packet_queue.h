// Packets that a client has made and its connection has not taken: a ring of fixed slots, so that
// nothing is allocated for a packet.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "net/connection.h"

namespace ferry::client {

class PacketQueue {
 public:
  explicit PacketQueue(size_t capacity) : slots_(capacity) {}

  // Room for the next packet, to be completed by Push; empty when the queue is full.
  MutableByteSpan Next() {
    if (size_ == slots_.size()) return {};
    return slots_[(first_ + size_) % slots_.size()].bytes;
  }
  // `transport_sequence_offset` as RtpPacketView tells it; 0 for RTCP.
  void Push(size_t size, size_t transport_sequence_offset) {
    Slot& slot = slots_[(first_ + size_) % slots_.size()];
    slot.size = size;
    slot.transport_sequence_offset = transport_sequence_offset;
    ++size_;
  }

  bool empty() const { return size_ == 0; }
  // The oldest packet, its bytes alive until this many more are pushed as the queue has slots.
  MutableByteSpan Front() {
    return MutableByteSpan(slots_[first_].bytes).first(slots_[first_].size);
  }
  size_t front_transport_sequence_offset() const {
    return slots_[first_].transport_sequence_offset;
  }
  void Pop() {
    first_ = (first_ + 1) % slots_.size();
    --size_;
  }

 private:
  struct Slot {
    size_t size = 0;
    size_t transport_sequence_offset = 0;
    std::array<uint8_t, net::kMaxMediaBytes> bytes;
  };
  std::vector<Slot> slots_;
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace ferry::client
