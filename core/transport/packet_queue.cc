#include "core/transport/packet_queue.h"

#include <algorithm>
#include <utility>

namespace ferry::transport {

void PacketQueue::Push(rtp::RtpPacket packet) {
  if (packets_.size() >= kMaxPackets) {
    TakeFront();
    ++dropped_;
  }
  bytes_ += static_cast<int64_t>(packet.bytes.size());
  if (packet.recovered) {
    packets_.insert(packets_.begin() + retransmissions_++, std::move(packet));
  } else {
    packets_.push_back(std::move(packet));
  }
  // Kept until the queue is empty: one that fell along with it would never get there.
  const double to_drain = static_cast<double>(bytes_) * 8 / kMaxWait.seconds_f();
  drain_rate_ = std::max(drain_rate_, DataRate::BitsPerSec(static_cast<int64_t>(to_drain)));
}

std::optional<rtp::RtpPacket> PacketQueue::Pop() {
  if (packets_.empty()) return std::nullopt;
  rtp::RtpPacket packet = TakeFront();
  if (packets_.empty()) drain_rate_ = {};
  return packet;
}

rtp::RtpPacket PacketQueue::TakeFront() {
  rtp::RtpPacket packet = std::move(packets_.front());
  packets_.pop_front();
  if (packet.recovered) --retransmissions_;
  bytes_ -= static_cast<int64_t>(packet.bytes.size());
  return packet;
}

}  // namespace ferry::transport
