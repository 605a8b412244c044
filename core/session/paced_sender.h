// The last step of a publisher's packets: numbers them for the transport, spreads video over time,
// probes, and learns from feedback how much may be sent.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "core/transport/congestion_controller.h"
#include "core/transport/pacer.h"
#include "core/transport/resend_budget.h"

namespace ferry::session {

class PacedSender {
 public:
  // Video waiting for the pacer; beyond it the oldest goes. The largest frame is about 3 900
  // packets.
  static constexpr size_t kMaxQueued = 8192;
  // An encoder that sends more than the target is paced faster, so that nothing waits longer: what
  // holds it back is its bitrate, not this queue.
  static constexpr Duration kMaxWait = Duration::Millis(150);

  // A connection may begin with as much at once (RFC 9002 §7.2): so the first key frame, if it is
  // not large, does not wait.
  static constexpr int64_t kInitialWindow = 14'720;

  // A packet that leaves at once (audio): gives it its transport-wide sequence number.
  void SendNow(rtp::RtpPacket& packet, Timestamp now);
  void QueueVideo(rtp::RtpPacket packet);
  // Whether the share of retransmissions has room for a packet.
  bool MayResend(Timestamp now);
  // The same ahead of what waits: a frame is held up for it at the other end.
  void QueueRetransmission(rtp::RtpPacket packet, Timestamp now);
  // The next packet of video, or of padding for a probe, whose time has come.
  std::optional<rtp::RtpPacket> Next(Timestamp now);
  // When Next will have one; Infinite when nothing waits.
  Timestamp NextSendTime() const;

  void OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now) {
    controller_.OnFeedback(feedback, now);
  }
  // Packets go another way from now on. What was learnt of the old one, which may have ended in
  // silence, says nothing of it; what waits is sent there.
  void OnPathChanged();
  void SetWantedRate(DataRate wanted);
  transport::CongestionController& controller() { return controller_; }
  const transport::CongestionController& controller() const { return controller_; }
  uint64_t dropped() const { return dropped_; }

 private:
  void MakeRoomFor(const rtp::RtpPacket& packet);
  bool CanSend(Timestamp now) const { return initial_window_ > 0 || pacer_.CanSend(now); }

  DataRate wanted_;
  transport::CongestionController controller_;
  transport::Pacer pacer_{controller_.pacing_rate()};
  transport::ResendBudget resends_;
  std::deque<rtp::RtpPacket> video_;
  int64_t queued_bytes_ = 0;
  DataRate drain_rate_;                      // what keeps to kMaxWait
  int64_t initial_window_ = kInitialWindow;  // what is left of it
  uint64_t dropped_ = 0;
  uint16_t transport_sequence_ = 0;
};

}  // namespace ferry::session
