#include "core/session/paced_sender.h"

#include <algorithm>
#include <utility>

#include "core/transport/padding_packet.h"

namespace ferry::session {

void PacedSender::SendNow(rtp::RtpPacket& packet, Timestamp now) {
  const uint16_t number = transport_sequence_++;
  packet.SetTransportSequenceNumber(number);
  const size_t bytes = packet.bytes.size();
  initial_window_ -= static_cast<int64_t>(bytes);
  const auto probe = pacer_.OnSent(static_cast<int64_t>(bytes), now);
  controller_.OnPacketSent(number, bytes, now, probe);
}

void PacedSender::QueueVideo(rtp::RtpPacket packet) {
  MakeRoomFor(packet);
  video_.push_back(std::move(packet));
}

bool PacedSender::MayResend(Timestamp now) {
  return resends_.Has(rtp::kMaxPacketSize, controller_.target(), now);
}

void PacedSender::QueueRetransmission(rtp::RtpPacket packet, Timestamp now) {
  resends_.Take(packet.bytes.size(), controller_.target(), now);
  MakeRoomFor(packet);
  video_.push_front(std::move(packet));
}

void PacedSender::MakeRoomFor(const rtp::RtpPacket& packet) {
  if (video_.size() >= kMaxQueued) {
    queued_bytes_ -= static_cast<int64_t>(video_.front().bytes.size());
    video_.pop_front();
    ++dropped_;
  }
  queued_bytes_ += static_cast<int64_t>(packet.bytes.size());
  // Kept until the queue is empty: one that fell along with it would never get there.
  const double to_drain = static_cast<double>(queued_bytes_) * 8 / kMaxWait.seconds_f();
  drain_rate_ = std::max(drain_rate_, DataRate::BitsPerSec(static_cast<int64_t>(to_drain)));
}

std::optional<rtp::RtpPacket> PacedSender::Next(Timestamp now) {
  if (const auto probe = controller_.NextProbe(now)) pacer_.StartProbe(*probe, now);
  pacer_.SetRate(std::max(controller_.pacing_rate(), drain_rate_), now);
  if (!CanSend(now)) return std::nullopt;
  if (!video_.empty()) {
    rtp::RtpPacket packet = std::move(video_.front());
    video_.pop_front();
    queued_bytes_ -= static_cast<int64_t>(packet.bytes.size());
    if (video_.empty()) drain_rate_ = {};
    SendNow(packet, now);
    return packet;
  }
  const int64_t lacking = pacer_.ProbePadding(now);
  if (lacking == 0) return std::nullopt;
  rtp::RtpPacket packet = transport::MakePaddingPacket(static_cast<size_t>(lacking));
  SendNow(packet, now);
  return packet;
}

void PacedSender::OnPathChanged() {
  controller_ = transport::CongestionController();
  controller_.SetWantedRate(wanted_);
  pacer_ = transport::Pacer(controller_.pacing_rate());
  initial_window_ = kInitialWindow;
}

void PacedSender::SetWantedRate(DataRate wanted) {
  wanted_ = wanted;
  controller_.SetWantedRate(wanted);
}

Timestamp PacedSender::NextSendTime() const {
  return video_.empty() && !pacer_.probing() ? Timestamp::Infinite() : pacer_.NextSendTime();
}

}  // namespace ferry::session
