#include "core/transport/paced_sender.h"

#include <utility>

#include "core/transport/padding_packet.h"

namespace ferry::transport {

void PacedSender::SendNow(rtp::RtpPacket& packet, Timestamp now) {
  const uint16_t number = next_number_++;
  packet.SetTransportSequenceNumber(number);
  control_.OnPacketSent(number, packet.bytes.size(), now);
  fec_.OnSent(packet.kind(), number, packet.bytes, packet.transport_sequence_number_offset, now);
}

std::optional<rtp::RtpPacket> PacedSender::NextRepair(rtp::MediaKind kind, Timestamp now) {
  auto repair = fec_.Next(kind, now);
  if (repair) SendNow(*repair, now);
  return repair;
}

void PacedSender::OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now) {
  fec_.OnFeedback(control_.OnFeedback(feedback, now));
}

void PacedSender::Queue(rtp::RtpPacket packet, Timestamp now) {
  if (packet.recovered) control_.TakeResend(packet.bytes.size(), now);
  queue_.Push(std::move(packet));
}

void PacedSender::OnPathChanged() {
  control_.OnPathChanged();
  fec_ = {};
}

std::optional<rtp::RtpPacket> PacedSender::Next(Timestamp now) {
  control_.Update(queue_.drain_rate(), now);
  if (!control_.CanSend(now)) return std::nullopt;
  if (auto repair = NextRepair(rtp::MediaKind::kVideo, now)) return repair;
  std::optional<rtp::RtpPacket> packet = queue_.Pop();
  if (!packet) {
    const int64_t lacking = control_.ProbePadding(now);
    if (lacking == 0) return std::nullopt;
    packet = MakePaddingPacket(static_cast<size_t>(lacking));
  }
  SendNow(*packet, now);
  return packet;
}

Timestamp PacedSender::NextSendTime() const {
  const bool waits = !queue_.empty() || fec_.due(rtp::MediaKind::kVideo) || control_.probing();
  return !waits ? Timestamp::Infinite() : control_.NextSendTime();
}

}  // namespace ferry::transport
