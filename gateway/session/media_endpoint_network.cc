// The network's side of MediaEndpoint: packets in and out, RTCP and timers.
#include <algorithm>
#include <cstring>
#include <utility>

#include "core/transport/padding_packet.h"
#include "gateway/session/media_endpoint.h"

namespace ferry::gateway {
namespace {

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

bool MediaEndpoint::OnPacket(ByteSpan packet, Timestamp now) {
  now_ = now;
  if (!publish_packets_.Take(1, now) ||
      !publish_bits_.Take(static_cast<double>(packet.size()) * 8, now)) {
    metrics_.Drop(DropReason::kRate);
    return true;
  }
  const bool ok = rtp::IsRtcp(packet) ? OnRtcp(packet, now) : OnRtp(packet, now);
  if (!ok) metrics_.Drop(DropReason::kMalformed);
  return ok;
}

bool MediaEndpoint::OnRtp(ByteSpan packet, Timestamp now) {
  const auto view = rtp::ParseRtp(packet);
  if (!view) return false;
  metrics_.packets_in.Add();
  metrics_.bytes_in.Add(static_cast<int64_t>(packet.size()));
  // Also of streams not (or no longer) known: feedback is about the path, not the stream.
  if (const auto number = view->extensions.transport_sequence_number) {
    arrivals_.OnPacket(*number, now);
  }
  if (view->header.ssrc == transport::kPaddingSsrc) return true;
  size_t encoding = 0;
  PublishedStream* stream = FindPublished(view->header.ssrc, encoding);
  if (stream == nullptr) {
    metrics_.Drop(DropReason::kUnknownSource);
    return true;  // it may have been on its way when the stream was unpublished
  }
  if (!stream->OnRtp(encoding, packet, *view, now)) metrics_.Drop(DropReason::kWrongPayload);
  return true;
}

bool MediaEndpoint::OnRtcp(ByteSpan packet, Timestamp now) {
  const auto parts = rtp::ParseRtcp(packet);
  if (!parts) return false;
  metrics_.rtcp_in.Add();
  for (const auto& part : *parts) OnRtcpPart(part, now);
  return true;
}

void MediaEndpoint::OnRtcpPart(const rtp::RtcpPacket& part, Timestamp now) {
  std::visit(
      Overloaded{
          [&](const rtp::SenderReport& report) {
            size_t encoding = 0;
            if (auto* stream = FindPublished(report.sender_ssrc, encoding)) {
              stream->OnSenderReport(encoding, report, now);
            }
          },
          [&](const rtp::Nack& nack) {
            metrics_.nacked_packets.Add(static_cast<int64_t>(nack.sequence_numbers.size()));
            if (auto* found = FindSubscriptionBySsrc(nack.media_ssrc)) {
              metrics_.retransmissions.Add(
                  static_cast<int64_t>(found->OnNack(nack.sequence_numbers, now)));
            }
          },
          [&](const rtp::PictureLossIndication& loss) {
            if (auto* found = FindSubscriptionBySsrc(loss.media_ssrc)) found->OnPictureLoss(now);
          },
          [&](const rtp::TransportFeedback& feedback) { bandwidth_.OnFeedback(feedback, now); },
          // Feedback tells more than the reports, and streams end by control messages.
          [](const rtp::ReceiverReport&) {},
          [](const rtp::Bye&) {},
      },
      part);
}

bool MediaEndpoint::NextFrame(net::OutgoingFrame& frame, Timestamp now) {
  now_ = now;
  if (frame_rtcp_.capacity() > 0) queue_.ReuseBuffer(std::exchange(frame_rtcp_, {}));
  auto item = queue_.Pop(now, bandwidth_.CanSend(now));
  while (item && Oversized(*item)) {
    // Not recorded as sent: it would be asked for again, and be as large again.
    metrics_.Drop(DropReason::kOversized);
    item = queue_.Pop(now, bandwidth_.CanSend(now));
  }
  if (!item) {
    if (sending() && bandwidth_.PaddingWanted(now) > 0) {
      GivePadding(frame, now);
      return true;
    }
    waiting_since_.reset();
    const bool paced = queue_.has_video() || bandwidth_.probing();
    if (paced && connection_ != nullptr && !held()) {
      held_round_ = worker_.wakes().round();
      worker_.wakes().Add(*connection_);
    }
    return false;
  }
  frame.control = false;
  if (auto* rtcp = std::get_if<SendQueue::Rtcp>(&*item)) {
    frame_rtcp_ = std::move(*rtcp);
    frame.bytes = frame_rtcp_;
    metrics_.rtcp_out.Add();
  } else {
    GiveMedia(std::get<OutgoingPacket>(std::move(*item)), frame, now);
  }
  return true;
}

bool MediaEndpoint::Oversized(const SendQueue::Item& item) {
  const auto* media = std::get_if<OutgoingPacket>(&item);
  return media != nullptr && connection_ != nullptr &&
         media->packet->size > connection_->max_media_bytes();
}

void MediaEndpoint::GiveMedia(OutgoingPacket packet, net::OutgoingFrame& frame, Timestamp now) {
  Subscription& subscription = Subscription::Of(*packet.stream);
  const auto number = Rewrite(packet, frame);
  Account(number, !subscription.video(), frame, now);
  if (subscription.video() && number) {
    recent_[next_recent_++ % kPaddingPackets] = {&subscription, packet.sequence_number};
  }
  subscription.OnSent(std::move(packet), now);
}

void MediaEndpoint::GivePadding(net::OutgoingFrame& frame, Timestamp now) {
  const Repeatable& recent = recent_[next_recent_++ % kPaddingPackets];
  const OutgoingPacket* packet =
      recent.subscription ? recent.subscription->FindSent(recent.sequence_number) : nullptr;
  std::optional<uint16_t> number;
  if (packet != nullptr) {
    number = Rewrite(*packet, frame);
  } else {
    number = next_transport_sequence_++;
    const size_t size = transport::WritePaddingPacket(
        *number, static_cast<size_t>(bandwidth_.PaddingWanted(now)), worker_.outgoing_packet());
    frame.bytes = ByteSpan(worker_.outgoing_packet()).first(size);
  }
  frame.control = false;
  metrics_.padding_packets.Add();
  Account(number, /*audio=*/false, frame, now);
}

void MediaEndpoint::Account(std::optional<uint16_t> transport_sequence, bool audio,
                            net::OutgoingFrame& frame, Timestamp now) {
  metrics_.packets_out.Add();
  metrics_.bytes_out.Add(static_cast<int64_t>(frame.bytes.size()));
  bandwidth_.OnSent(transport_sequence, frame.bytes.size(), audio, now);
}

std::optional<uint16_t> MediaEndpoint::Rewrite(const OutgoingPacket& packet,
                                               net::OutgoingFrame& frame) {
  const MediaPacket& source = *packet.packet;
  const MutableByteSpan out = MutableByteSpan(worker_.outgoing_packet()).first(source.size);
  std::memcpy(out.data(), source.data.data(), source.size);
  rtp::RewriteSsrc(out, packet.stream->ssrc);
  rtp::RewriteSequenceNumber(out, packet.sequence_number);
  rtp::RewriteTimestamp(out, packet.timestamp);
  const PayloadFacts& facts = source.facts;
  if (facts.picture_id_offset != 0) {
    uint8_t* picture_id = out.data() + source.payload_offset + facts.picture_id_offset;
    picture_id[0] = static_cast<uint8_t>(0x80 | packet.picture.picture_id >> 8);
    picture_id[1] = static_cast<uint8_t>(packet.picture.picture_id);
  }
  if (facts.tl0_index_offset != 0) {
    out[source.payload_offset + facts.tl0_index_offset] = packet.picture.tl0_index;
  }
  frame.bytes = out;
  if (source.transport_sequence_offset == 0) return std::nullopt;
  const uint16_t number = next_transport_sequence_++;
  rtp::RewriteTransportSequenceNumber(out, source.transport_sequence_offset, number);
  return number;
}

void MediaEndpoint::Tick(Timestamp now) {
  now_ = now;
  queue_.DropStale(now);
  for (const auto& stream : published_) stream->Tick(now);
  bandwidth_.OnQueueDelay(now - waiting_since_.value_or(now), now);
  bandwidth_.Tick(wanted_rate_, now);
  if (allocation_due_ || !last_allocation_ || now - *last_allocation_ >= kAllocationInterval) {
    Allocate(now);
  }
  if (sending() && bandwidth_.PaddingWanted(now) > 0) Wake();
  if (!last_feedback_ || now - *last_feedback_ >= kFeedbackInterval) {
    last_feedback_ = now;
    if (auto feedback = arrivals_.BuildFeedback()) {
      feedback->sender_ssrc = own_ssrc_;
      // The draft wants a media source though the report is of them all.
      feedback->media_ssrc =
          published_.empty() ? 0 : published_.front()->publication().encodings.front().ssrc;
      SendRtcp(*feedback, now);
    }
  }
  if (!last_report_ || now - *last_report_ >= kReportInterval) {
    last_report_ = now;
    SendReceiverReport(now);
  }
}

void MediaEndpoint::SendReceiverReport(Timestamp now) {
  rtp::ReceiverReport report;
  report.sender_ssrc = own_ssrc_;
  for (const auto& stream : published_) stream->AppendReportBlocks(report.blocks, now);
  if (!report.blocks.empty()) SendRtcp(report, now);
}

void MediaEndpoint::SendRtcp(const rtp::RtcpPacket& packet, Timestamp now) {
  if (!sending()) return;
  now_ = now;
  SendQueue::Rtcp bytes = queue_.TakeBuffer();
  if (!rtp::AppendRtcp(packet, bytes) || bytes.size() > rtp::kMaxReceivedPacketSize) return;
  if (const auto* report = std::get_if<rtp::SenderReport>(&packet)) {
    queue_.PushSenderReport(report->sender_ssrc, std::move(bytes), now);
  } else {
    queue_.PushRtcp(std::move(bytes), now);
  }
  Wake();
}

void MediaEndpoint::SendMedia(OutgoingPacket packet, bool video) {
  if (!sending()) return;
  now_ = packet.enqueued;
  if (!video) {
    queue_.PushAudio(std::move(packet));
    return Wake();
  }
  queue_.PushVideo(std::move(packet));
  if (!held()) Wake();
}

bool MediaEndpoint::SendRetransmission(OutgoingPacket packet) {
  if (!sending()) return false;
  now_ = packet.enqueued;
  if (!bandwidth_.TakeResend(packet.packet->size, now_)) {
    metrics_.Drop(DropReason::kRetransmissionRate);
    return false;
  }
  queue_.PushRetransmission(std::move(packet));
  Wake();
  return true;
}

void MediaEndpoint::SendReport(const rtp::SenderReport& report, Timestamp now) {
  SendRtcp(report, now);
}

void MediaEndpoint::RequestKeyframe(uint32_t ssrc, Timestamp now) {
  metrics_.keyframe_requests.Add();
  SendRtcp(rtp::PictureLossIndication{.sender_ssrc = own_ssrc_, .media_ssrc = ssrc}, now);
}

void MediaEndpoint::RequestPackets(uint32_t ssrc, std::vector<uint16_t> sequence_numbers,
                                   Timestamp now) {
  SendRtcp(rtp::Nack{.sender_ssrc = own_ssrc_,
                     .media_ssrc = ssrc,
                     .sequence_numbers = std::move(sequence_numbers)},
           now);
}

void MediaEndpoint::OnVideoDropped(const VideoDrop& drop) {
  metrics_.Drop(DropReason::kQueueVideo, static_cast<int64_t>(drop.packets));
  Subscription::Of(*drop.stream).OnDropped(drop, now_);
}

void MediaEndpoint::OnAudioDropped() { metrics_.Drop(DropReason::kQueueAudio); }

}  // namespace ferry::gateway
