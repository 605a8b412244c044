#include "core/transport/packet_history.h"

#include <algorithm>
#include <utility>

namespace ferry::transport {

void PacketHistory::Put(rtp::RtpPacket packet, Timestamp now) {
  slots_[packet.header.sequence_number % kCapacity] = {.last_sent = now,
                                                       .packet = std::move(packet)};
}

const rtp::RtpPacket* PacketHistory::Resend(uint16_t sequence_number, Duration round_trip,
                                            Timestamp now) {
  Slot& slot = slots_[sequence_number % kCapacity];
  if (!slot.packet || slot.packet->header.sequence_number != sequence_number) return nullptr;
  const Duration interval =
      slot.repeated ? std::max(round_trip, kMinResendInterval) : kMinResendInterval;
  if (now - slot.last_sent < interval) return nullptr;
  slot.repeated = true;
  slot.last_sent = now;
  return &*slot.packet;
}

}  // namespace ferry::transport
