// How much a sender may send, and when: congestion control, the pacer that keeps to it, the probes
// of the one that the other sends, and the budget of what is sent again. It knows the sizes and
// numbers of packets, not the packets: what is sent, and in which order, is its caller's.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/units.h"
#include "core/fec/fec_sender.h"
#include "core/rtp/rtcp.h"
#include "core/transport/congestion_controller.h"
#include "core/transport/pacer.h"
#include "core/transport/resend_budget.h"

namespace ferry::transport {

class SendController {
 public:
  // `initial_window`: bytes that may leave at once before anything is paced.
  explicit SendController(const CongestionConfig& config = {}, int64_t initial_window = 0);

  // Every packet that leaves, paced or not, with its transport-wide number if it has one.
  void OnPacketSent(std::optional<uint16_t> transport_sequence_number, size_t bytes, Timestamp now);
  // Returns what it told of losses.
  fec::FecSender::Feedback OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now);
  void OnLocalQueueDelay(Duration delay, Timestamp now) {
    congestion_.OnLocalQueueDelay(delay, now);
  }
  // As CongestionController's.
  void SetWantedRate(DataRate wanted);
  // Packets go another way from now on: what was learnt of the old one says nothing of it.
  void OnPathChanged();

  // Lets time pass: begins probes, and paces at what may be sent, or at `least` where that is more.
  // To be called before CanSend, and regularly.
  void Update(DataRate least, Timestamp now);
  // Whether a paced packet may leave; when it will be so.
  bool CanSend(Timestamp now) const { return pacer_.CanSend(now); }
  Timestamp NextSendTime() const { return pacer_.NextSendTime(); }
  bool probing() const { return pacer_.probing(); }
  // Bytes that a probe lacks, to be padded; 0: none.
  int64_t ProbePadding(Timestamp now) const { return pacer_.ProbePadding(now); }

  // Whether so many bytes may be sent again; taken, they are gone.
  bool HasResend(size_t bytes, Timestamp now) { return resends_.Has(bytes, target(), now); }
  bool TakeResend(size_t bytes, Timestamp now) { return resends_.Take(bytes, target(), now); }

  DataRate target() const { return congestion_.target(); }
  Duration round_trip() const { return congestion_.round_trip(); }
  const CongestionController& congestion() const { return congestion_; }

 private:
  CongestionConfig config_;
  int64_t initial_window_;
  DataRate wanted_;
  CongestionController congestion_;
  Pacer pacer_;
  ResendBudget resends_;
};

}  // namespace ferry::transport
