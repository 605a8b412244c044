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
  // Arrivals kept until they are reported; beyond it the oldest are forgotten (reported as lost),
  // a quarter of them at once.
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

  // Brings what is pending into the order of its numbers, each once.
  void Sort();

  Unwrapper<uint16_t> unwrapper_;
  // In the order of arrival until it is sorted: what a packet costs does not depend on its number.
  // A vector keeps its memory from one feedback to the next.
  std::vector<Arrival> pending_;
  bool sorted_ = true;
  int64_t oldest_ = 0;  // number that is pending
  std::optional<int64_t> next_unreported_;
  uint8_t feedback_count_ = 0;
};

}  // namespace ferry::transport
