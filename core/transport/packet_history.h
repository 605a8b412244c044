// The sender's memory of packets it may be asked for again.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtp_packet.h"

namespace ferry::transport {

class PacketHistory {
 public:
  // 512 packets are about 2 s of 2 Mbps video: longer than any retransmission is of use.
  static constexpr size_t kCapacity = 512;
  // The same packet is not sent again more often than this, however short the round trip.
  static constexpr Duration kMinResendInterval = Duration::Millis(10);

  void Put(rtp::RtpPacket packet, Timestamp now);
  // The packet, to be sent again now; nullptr when it is gone, or was sent again within the last
  // `round_trip`: then that one may be under way, and who asks cannot know. The first time is no
  // question: who asks has had later packets.
  const rtp::RtpPacket* Resend(uint16_t sequence_number, Duration round_trip, Timestamp now);

 private:
  struct Slot {
    bool repeated = false;
    Timestamp last_sent;
    std::optional<rtp::RtpPacket> packet;
  };
  std::vector<Slot> slots_ = std::vector<Slot>(kCapacity);
};

}  // namespace ferry::transport
