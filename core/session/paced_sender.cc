#include "core/session/paced_sender.h"

#include <algorithm>
#include <utility>

#include "core/rtp/rtp_packet.h"
#include "core/transport/padding_packet.h"

namespace ferry::session {

void PacedSender::Stamp(std::vector<uint8_t>& packet, Timestamp now) {
  // Ours always has the extension; only its place must be found.
  const auto view = rtp::ParseRtp(packet);
  if (!view) return;
  const uint16_t number = transport_sequence_++;
  rtp::RewriteTransportSequenceNumber(packet, view->transport_sequence_number_offset, number);
  initial_window_ -= static_cast<int64_t>(packet.size());
  const auto probe = pacer_.OnSent(static_cast<int64_t>(packet.size()), now);
  controller_.OnPacketSent(number, packet.size(), now, probe);
}

void PacedSender::QueueVideo(std::vector<uint8_t> packet) {
  MakeRoomFor(packet);
  video_.push_back(std::move(packet));
}

bool PacedSender::MayResend(Timestamp now) {
  return resends_.Has(rtp::kMaxPacketSize, controller_.target(), now);
}

void PacedSender::QueueRetransmission(std::vector<uint8_t> packet, Timestamp now) {
  resends_.Take(packet.size(), controller_.target(), now);
  MakeRoomFor(packet);
  video_.push_front(std::move(packet));
}

void PacedSender::MakeRoomFor(const std::vector<uint8_t>& packet) {
  if (video_.size() >= kMaxQueued) {
    queued_bytes_ -= static_cast<int64_t>(video_.front().size());
    video_.pop_front();
    ++dropped_;
  }
  queued_bytes_ += static_cast<int64_t>(packet.size());
  // Kept until the queue is empty: one that fell along with it would never get there.
  const double to_drain = static_cast<double>(queued_bytes_) * 8 / kMaxWait.seconds_f();
  drain_rate_ = std::max(drain_rate_, DataRate::BitsPerSec(static_cast<int64_t>(to_drain)));
}

std::optional<std::vector<uint8_t>> PacedSender::Next(Timestamp now) {
  if (const auto probe = controller_.NextProbe(now)) pacer_.StartProbe(*probe, now);
  pacer_.SetRate(std::max(controller_.pacing_rate(), drain_rate_), now);
  if (!CanSend(now)) return std::nullopt;
  if (!video_.empty()) {
    std::vector<uint8_t> packet = std::move(video_.front());
    video_.pop_front();
    queued_bytes_ -= static_cast<int64_t>(packet.size());
    if (video_.empty()) drain_rate_ = {};
    Stamp(packet, now);
    return packet;
  }
  const int64_t lacking = pacer_.ProbePadding(now);
  if (lacking == 0) return std::nullopt;
  std::vector<uint8_t> packet(rtp::kMaxPacketSize);
  packet.resize(transport::WritePaddingPacket(0, static_cast<size_t>(lacking), packet));
  Stamp(packet, now);
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
