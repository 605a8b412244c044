// The network's side of MediaSession: packets in and out, RTCP and timers.
#include <algorithm>
#include <string>
#include <utility>

#include "core/session/media_session.h"

namespace ferry::session {
namespace {
constexpr Duration kReportInterval = Duration::Seconds(1);
constexpr Duration kFeedbackInterval = Duration::Millis(100);
// RFC 3550 §6.4.1: the count of report blocks has five bits.
constexpr size_t kMaxReportBlocks = 31;
}  // namespace

Result<void> MediaSession::Receive(ByteSpan packet, Timestamp now) {
  return rtp::IsRtcp(packet) ? ReceiveRtcp(packet, now) : ReceiveRtp(packet, now);
}

Result<void> MediaSession::ReceiveRtp(ByteSpan packet, Timestamp now) {
  const auto view = rtp::ParseRtp(packet);
  if (!view) return std::unexpected(view.error());
  if (view->extensions.transport_sequence_number) {
    arrivals_.OnPacket(*view->extensions.transport_sequence_number, now);
    if (!next_feedback_) next_feedback_ = now + kFeedbackInterval;
  }
  if (!next_report_) next_report_ = now + kReportInterval;
  // The one place that knows all packets of the source.
  const auto made = [&](auto& stream) {
    rtp::RtpPacket received = rtp::RtpPacket::Copy(packet, *view);
    received.sequence = stream.sequence.Unwrap(received.header.sequence_number);
    return received;
  };
  const uint32_t ssrc = view->header.ssrc;
  if (const auto it = audio_receivers_.find(ssrc); it != audio_receivers_.end()) {
    it->second->receiver.Receive(made(*it->second), now);
    return {};
  }
  if (const auto it = video_receivers_.find(ssrc); it != video_receivers_.end()) {
    return it->second->receiver.Receive(made(*it->second), now);
  }
  // Packets of a stream whose subscription ended, or is about to be known, are under way for a
  // while: no error.
  return {};
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
  if (const auto it = audio_receivers_.find(report.sender_ssrc); it != audio_receivers_.end()) {
    it->second->receiver.OnSenderReport(report, now);
  }
  if (const auto it = video_receivers_.find(report.sender_ssrc); it != video_receivers_.end()) {
    it->second->receiver.OnSenderReport(report, now);
  }
  OnReportBlocks(report.blocks, now);
}

void MediaSession::OnRtcp(const rtp::ReceiverReport& report, Timestamp now) {
  OnReportBlocks(report.blocks, now);
}

void MediaSession::OnReportBlocks(const std::vector<rtp::ReportBlock>& blocks, Timestamp now) {
  for (const rtp::ReportBlock& block : blocks) {
    RtpSender* sender = FindSender(block.ssrc);
    if (!sender) continue;
    sender->OnReportBlock(block, now);
    if (sender->stats().round_trip) round_trip_ = *sender->stats().round_trip;
    if (const auto it = audio_senders_.find(block.ssrc); it != audio_senders_.end()) {
      it->second.SetExpectedLoss(sender->stats().fraction_lost);
    }
  }
}

void MediaSession::OnRtcp(const rtp::Nack& nack, Timestamp now) {
  RtpSender* sender = FindSender(nack.media_ssrc);
  if (!sender) return;
  const bool audio = audio_senders_.contains(nack.media_ssrc);
  const Duration round_trip = sender_.control().round_trip();
  for (const uint16_t sequence_number : nack.sequence_numbers) {
    // What is too much now will be asked for again.
    if (!audio && !sender_.MayResend(now)) return;
    auto packet = sender->Resend(sequence_number, round_trip, now);
    if (!packet) continue;
    if (audio) {
      EmitAudio(std::move(*packet), now);
    } else {
      sender_.Queue(std::move(*packet), now);
    }
  }
}

void MediaSession::OnRtcp(const rtp::PictureLossIndication& pli, Timestamp) {
  if (video_senders_.contains(pli.media_ssrc)) Emit(EncodeKeyframe{pli.media_ssrc});
}

void MediaSession::OnRtcp(const rtp::TransportFeedback& feedback, Timestamp now) {
  sender_.control().OnFeedback(feedback, now);
}

// The control channel tells when a stream ends, reliably.
void MediaSession::OnRtcp(const rtp::Bye&, Timestamp) {}

RtpSender* MediaSession::FindSender(uint32_t ssrc) {
  if (const auto it = audio_senders_.find(ssrc); it != audio_senders_.end()) {
    return &it->second.rtp();
  }
  if (const auto it = video_senders_.find(ssrc); it != video_senders_.end()) {
    return &it->second.rtp();
  }
  return nullptr;
}

void MediaSession::Emit(Output output) {
  if (outputs_.size() >= kMaxOutputs) {
    outputs_.pop_front();
    ++outputs_dropped_;
  }
  outputs_.push_back(std::move(output));
}

void MediaSession::EmitAudio(rtp::RtpPacket packet, Timestamp now) {
  sender_.SendNow(packet, now);
  Emit(SendPacket{.kind = PacketKind::kAudio, .bytes = std::move(packet.bytes)});
}

void MediaSession::EmitRtcp(const rtp::RtcpPacket& packet) {
  std::vector<uint8_t> bytes;
  // Everything sent here is within its format's bounds.
  if (rtp::AppendRtcp(packet, bytes)) Emit(SendPacket{.bytes = std::move(bytes)});
}

std::optional<Output> MediaSession::Poll(Timestamp now) {
  RunTimers(now);
  if (outputs_.empty()) {
    if (auto packet = sender_.Next(now)) {
      outputs_.emplace_back(
          SendPacket{.kind = PacketKind::kVideo, .bytes = std::move(packet->bytes)});
    }
  }
  std::optional<Output> output;
  if (!outputs_.empty()) {
    output.emplace(std::move(outputs_.front()));
    outputs_.pop_front();
  }
  return output;
}

void MediaSession::RunTimers(Timestamp now) {
  RunVideoReceivers(now);
  Synchronise(now);
  if (next_feedback_ && now >= *next_feedback_) {
    next_feedback_.reset();
    while (auto feedback = arrivals_.BuildFeedback()) {
      feedback->sender_ssrc = reporter_ssrc_;
      EmitRtcp(*feedback);
    }
  }
  if (!next_report_ && !(audio_senders_.empty() && video_senders_.empty())) {
    next_report_ = now + kReportInterval;
  }
  if (next_report_ && now >= *next_report_) {
    next_report_ = now + kReportInterval;
    SendReports(now);
  }
}

void MediaSession::RunVideoReceivers(Timestamp now) {
  for (auto& [ssrc, in] : video_receivers_) {
    VideoReceiver& receiver = in->receiver;
    while (auto frame = receiver.NextFrame(now)) Emit(DecodeFrame{ssrc, std::move(*frame)});
    if (auto missing = receiver.TakeNacks(now, round_trip_); !missing.empty()) {
      EmitRtcp(rtp::Nack{.sender_ssrc = reporter_ssrc_,
                         .media_ssrc = ssrc,
                         .sequence_numbers = std::move(missing)});
    }
    if (receiver.TakeKeyframeRequest(now)) {
      EmitRtcp(rtp::PictureLossIndication{.sender_ssrc = reporter_ssrc_, .media_ssrc = ssrc});
    }
  }
}

void MediaSession::SendReports(Timestamp now) {
  for (const auto& [ssrc, sender] : audio_senders_) {
    if (sender.rtp().sent_any()) EmitRtcp(sender.rtp().BuildSenderReport(now));
  }
  for (const auto& [ssrc, sender] : video_senders_) {
    if (sender.rtp().sent_any()) EmitRtcp(sender.rtp().BuildSenderReport(now));
  }
  rtp::ReceiverReport report{.sender_ssrc = reporter_ssrc_};
  const auto add = [&](uint32_t ssrc, transport::ReceptionStats& reception) {
    if (!reception.started()) return;
    report.blocks.push_back(reception.BuildReportBlock(ssrc, now));
    if (report.blocks.size() == kMaxReportBlocks) {
      EmitRtcp(report);
      report.blocks.clear();
    }
  };
  for (auto& [ssrc, in] : audio_receivers_) add(ssrc, in->receiver.reception());
  for (auto& [ssrc, in] : video_receivers_) add(ssrc, in->receiver.reception());
  if (!report.blocks.empty()) EmitRtcp(report);
}

Timestamp MediaSession::NextWakeup() const {
  Timestamp next = next_report_.value_or(Timestamp::Infinite());
  next = std::min(next, sender_.NextSendTime());
  if (next_feedback_) next = std::min(next, *next_feedback_);
  for (const auto& [ssrc, in] : video_receivers_) next = std::min(next, in->receiver.NextDue());
  return next;
}

}  // namespace ferry::session
