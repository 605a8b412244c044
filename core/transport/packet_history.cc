#include "core/transport/packet_history.h"

#include <algorithm>

namespace ferry::transport {

void PacketHistory::Put(uint16_t sequence_number, ByteSpan packet, Timestamp now) {
  Slot& slot = slots_[sequence_number % kCapacity];
  slot.used = true;
  slot.repeated = false;
  slot.sequence_number = sequence_number;
  slot.last_sent = now;
  slot.packet.assign(packet.begin(), packet.end());
}

ByteSpan PacketHistory::Resend(uint16_t sequence_number, Duration round_trip, Timestamp now) {
  Slot& slot = slots_[sequence_number % kCapacity];
  if (!slot.used || slot.sequence_number != sequence_number) return {};
  const Duration interval =
      slot.repeated ? std::max(round_trip, kMinResendInterval) : kMinResendInterval;
  if (now - slot.last_sent < interval) return {};
  slot.repeated = true;
  slot.last_sent = now;
  return slot.packet;
}

}  // namespace ferry::transport
