// What was sent under each transport-wide sequence number, until feedback tells of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/units.h"
#include "core/transport/probe_cluster.h"

namespace ferry::transport {

struct SentPacket {
  enum class State : uint8_t {
    kNone,      // not known (any more)
    kInFlight,  // no feedback told of it yet
    kSkipped,   // later packets were told of: its feedback is lost or late
    kLost,
    kReceived,
  };
  Timestamp sent;
  uint16_t sequence_number = 0;
  uint16_t bytes = 0;
  ProbeClusterId probe = kNoProbe;
  State state = State::kNone;
};

class SendHistory {
 public:
  // 2048 packets are 1 s of 19 Mbps: more than feedback is under way for.
  static constexpr size_t kCapacity = 2048;

  void Put(const SentPacket& packet) { packets_[packet.sequence_number % kCapacity] = packet; }
  // nullptr when no such packet was sent, or so long ago that its place was taken.
  SentPacket* Find(uint16_t sequence_number) {
    SentPacket& packet = packets_[sequence_number % kCapacity];
    const bool known =
        packet.sequence_number == sequence_number && packet.state != SentPacket::State::kNone;
    return known ? &packet : nullptr;
  }

 private:
  std::array<SentPacket, kCapacity> packets_{};
};

}  // namespace ferry::transport
