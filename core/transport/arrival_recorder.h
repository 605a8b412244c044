// Receiver's side of transport-wide congestion control: notes when each transport-wide sequence
// number arrived and turns the notes into feedback packets
// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/sequence_number.h"
#include "core/base/units.h"
#include "core/rtp/rtcp.h"

namespace ferry::transport {

class ArrivalRecorder {
 public:
  // Arrivals kept until they are reported; beyond it the oldest are forgotten (reported as lost).
  static constexpr size_t kMaxPending = 1024;

  void OnPacket(uint16_t sequence_number, Timestamp arrival);

  // Feedback about everything since the last one, or nullopt when nothing arrived. Arrivals too far
  // apart for one packet stay for the next call.
  std::optional<rtp::TransportFeedback> BuildFeedback();

 private:
  struct Arrival {
    int64_t number;  // unwrapped
    Timestamp at;
  };

  void Insert(const Arrival& arrival);

  Unwrapper<uint16_t> unwrapper_;
  // By number. A vector keeps its memory from one feedback to the next, and almost every packet
  // goes to its end.
  std::vector<Arrival> pending_;
  std::optional<int64_t> next_unreported_;
  uint8_t feedback_count_ = 0;
};

}  // namespace ferry::transport
