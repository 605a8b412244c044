#include "core/session/media_session.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace ferry::session {

MediaSession::MediaSession(std::mt19937_64 random)
    : publisher_(random(), outputs_), subscriber_(static_cast<uint32_t>(random()), outputs_) {}

Result<void> MediaSession::CheckFree(uint32_t ssrc) const {
  if (!publisher_.Has(ssrc) && !subscriber_.Has(ssrc)) return {};
  return Fail(ErrorCode::kInvalidArgument, "SSRC " + std::to_string(ssrc) + " is in use");
}

Result<void> MediaSession::AddAudioSender(uint32_t ssrc, int channels, DataRate bitrate) {
  if (auto free = CheckFree(ssrc); !free) return free;
  return publisher_.AddAudio(ssrc, channels, bitrate);
}

Result<void> MediaSession::AddVideoSender(uint32_t ssrc) {
  if (auto free = CheckFree(ssrc); !free) return free;
  return publisher_.AddVideo(ssrc);
}

Result<void> MediaSession::AddAudioReceiver(uint32_t ssrc, uint32_t sync_group) {
  if (auto free = CheckFree(ssrc); !free) return free;
  return subscriber_.AddAudio(ssrc, sync_group);
}

Result<void> MediaSession::AddVideoReceiver(uint32_t ssrc, uint32_t sync_group) {
  if (auto free = CheckFree(ssrc); !free) return free;
  return subscriber_.AddVideo(ssrc, sync_group);
}

// --- The network

Result<void> MediaSession::Receive(ByteSpan packet, Timestamp now) {
  return rtp::IsRtcp(packet) ? ReceiveRtcp(packet, now) : subscriber_.Receive(packet, now);
}

Result<void> MediaSession::ReceiveRtcp(ByteSpan packet, Timestamp now) {
  const auto packets = rtp::ParseRtcp(packet);
  if (!packets) return std::unexpected(packets.error());
  for (const rtp::RtcpPacket& each : *packets) {
    std::visit([&](const auto& part) { OnRtcp(part, now); }, each);
  }
  return {};
}

void MediaSession::OnRtcp(const rtp::SenderReport& report, Timestamp now) {
  subscriber_.OnSenderReport(report, now);
  OnReportBlocks(report.blocks, now);
}

void MediaSession::OnRtcp(const rtp::ReceiverReport& report, Timestamp now) {
  OnReportBlocks(report.blocks, now);
}

void MediaSession::OnReportBlocks(const std::vector<rtp::ReportBlock>& blocks, Timestamp now) {
  for (const rtp::ReportBlock& block : blocks) {
    if (!publisher_.Has(block.ssrc)) continue;
    publisher_.OnReportBlock(block, now);
    if (publisher_.round_trip()) subscriber_.SetRoundTrip(*publisher_.round_trip());
  }
}

void MediaSession::OnRtcp(const rtp::Nack& nack, Timestamp now) { publisher_.OnNack(nack, now); }

void MediaSession::OnRtcp(const rtp::PictureLossIndication& loss, Timestamp) {
  publisher_.OnPictureLoss(loss);
}

void MediaSession::OnRtcp(const rtp::TransportFeedback& feedback, Timestamp now) {
  publisher_.OnFeedback(feedback, now);
}

// The control channel tells when a stream ends, reliably.
void MediaSession::OnRtcp(const rtp::Bye&, Timestamp) {}

std::optional<Output> MediaSession::Poll(Timestamp now) {
  subscriber_.RunTimers(now);
  publisher_.RunTimers(now);
  // What is paced comes last: the rest is small, or waits for nothing.
  if (auto output = outputs_.Pop()) return output;
  auto packet = publisher_.NextPaced(now);
  if (!packet) return std::nullopt;
  return SendPacket{.kind = PacketKind::kVideo, .bytes = std::move(packet->bytes)};
}

Timestamp MediaSession::NextWakeup() const {
  return std::min(publisher_.NextWakeup(), subscriber_.NextWakeup());
}

}  // namespace ferry::session
