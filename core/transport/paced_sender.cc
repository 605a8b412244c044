#include "core/transport/paced_sender.h"

#include <utility>

#include "core/transport/padding_packet.h"

namespace ferry::transport {

void PacedSender::SendNow(rtp::RtpPacket& packet, Timestamp now) {
  const uint16_t number = next_number_++;
  packet.SetTransportSequenceNumber(number);
  control_.OnPacketSent(number, packet.bytes.size(), now);
}

void PacedSender::Queue(rtp::RtpPacket packet, Timestamp now) {
  if (packet.recovered) control_.TakeResend(packet.bytes.size(), now);
  queue_.Push(std::move(packet));
}

std::optional<rtp::RtpPacket> PacedSender::Next(Timestamp now) {
  control_.Update(queue_.drain_rate(), now);
  if (!control_.CanSend(now)) return std::nullopt;
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
  return queue_.empty() && !control_.probing() ? Timestamp::Infinite() : control_.NextSendTime();
}

}  // namespace ferry::transport
