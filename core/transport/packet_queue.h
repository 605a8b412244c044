// Packets that wait for the pacer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/base/units.h"
#include "core/rtp/rtp_packet.h"

namespace ferry::transport {

class PacketQueue {
 public:
  // Beyond it the oldest goes. The largest frame is about 3 900 packets.
  static constexpr size_t kMaxPackets = 8192;
  // An encoder that sends more than the target is paced faster, so that nothing waits longer: what
  // holds it back is its bitrate, not this queue.
  static constexpr Duration kMaxWait = Duration::Millis(150);

  // What is sent again goes ahead, in its order: a frame is held up for it at the other end.
  void Push(rtp::RtpPacket packet);
  std::optional<rtp::RtpPacket> Pop();
  bool empty() const { return packets_.empty(); }
  // The rate that keeps to kMaxWait.
  DataRate drain_rate() const { return drain_rate_; }
  uint64_t dropped() const { return dropped_; }

 private:
  rtp::RtpPacket TakeFront();

  std::deque<rtp::RtpPacket> packets_;
  std::ptrdiff_t retransmissions_ = 0;  // at its front
  int64_t bytes_ = 0;
  DataRate drain_rate_;
  uint64_t dropped_ = 0;
};

}  // namespace ferry::transport
