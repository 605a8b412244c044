#include "gateway/session/media_endpoint.h"

#include <algorithm>
#include <cstring>
#include <ranges>
#include <utility>

namespace ferry::gateway {
namespace {

// Burst allowances: a key frame leaves at once.
constexpr double kBurstSeconds = 1.0;

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

MediaEndpoint::MediaEndpoint(const MediaLimits& limits, PacketPool& pool, Metrics& metrics,
                             net::Connection& connection, uint32_t first_ssrc)
    : limits_(limits),
      pool_(pool),
      metrics_(metrics),
      connection_(connection),
      own_ssrc_(first_ssrc),
      next_ssrc_(first_ssrc + 1),
      queue_(limits.queue, *this),
      publish_bits_(static_cast<double>(limits.max_publish_rate.bps()),
                    static_cast<double>(limits.max_publish_rate.bps()) * kBurstSeconds),
      publish_packets_(static_cast<double>(limits.max_publish_packets_per_second),
                       static_cast<double>(limits.max_publish_packets_per_second) * kBurstSeconds) {
}

MediaEndpoint::~MediaEndpoint() { Clear(); }

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
  const auto stream = published_.find(view->header.ssrc);
  if (stream == published_.end()) {
    metrics_.Drop(DropReason::kUnknownSource);
    return true;  // it may have been on its way when the stream was unpublished
  }
  if (!stream->second->OnRtp(packet, *view, pool_, now)) metrics_.Drop(DropReason::kWrongPayload);
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
  const auto subscription = [&](uint32_t ssrc) {
    const auto found = subscriptions_.find(ssrc);
    return found == subscriptions_.end() ? nullptr : found->second.get();
  };
  std::visit(
      Overloaded{
          [&](const rtp::SenderReport& report) {
            const auto stream = published_.find(report.sender_ssrc);
            if (stream != published_.end()) stream->second->OnSenderReport(report, now);
          },
          [&](const rtp::Nack& nack) {
            metrics_.nacked_packets.Add(static_cast<int64_t>(nack.sequence_numbers.size()));
            if (auto* found = subscription(nack.media_ssrc)) {
              metrics_.retransmissions.Add(
                  static_cast<int64_t>(found->OnNack(nack.sequence_numbers, now)));
            }
          },
          [&](const rtp::PictureLossIndication& loss) {
            if (auto* found = subscription(loss.media_ssrc)) found->OnPictureLoss(now);
          },
          // What the client receives steers nothing yet, and streams end by control messages.
          [](const rtp::ReceiverReport&) {},
          [](const rtp::TransportFeedback&) {},
          [](const rtp::Bye&) {},
      },
      part);
}

void MediaEndpoint::AddPublished(PublishedStream& stream) {
  published_[stream.ssrc()] = &stream;
  metrics_.streams.Add(1);
}

void MediaEndpoint::RemovePublished(uint32_t ssrc) {
  if (published_.erase(ssrc)) metrics_.streams.Add(-1);
}

Subscription* MediaEndpoint::Subscribe(PublishedStream& stream, Timestamp now) {
  now_ = now;
  for (const auto& [ssrc, subscription] : subscriptions_) {
    if (&subscription->stream() == &stream) return subscription.get();
  }
  if (subscriptions_.size() >= limits_.max_subscriptions) return nullptr;
  const uint32_t ssrc = NewSsrc();
  // RFC 3550 §5.1 wants an unpredictable beginning; the SSRC was drawn at random.
  const auto first_sequence = static_cast<uint16_t>(ssrc * 40'503u >> 8);
  auto& subscription = subscriptions_[ssrc] =
      std::make_unique<Subscription>(stream, *this, ssrc, first_sequence);
  metrics_.subscriptions.Add(1);
  stream.Add(*subscription, now);
  return subscription.get();
}

bool MediaEndpoint::Unsubscribe(const PublishedStream& stream) {
  for (const auto& [ssrc, subscription] : subscriptions_) {
    if (&subscription->stream() != &stream) continue;
    OnStreamEnded(ssrc);
    return true;
  }
  return false;
}

void MediaEndpoint::OnStreamEnded(uint32_t ssrc) {
  queue_.RemoveStream(ssrc);
  if (subscriptions_.erase(ssrc)) metrics_.subscriptions.Add(-1);
}

void MediaEndpoint::Clear() {
  while (!subscriptions_.empty()) OnStreamEnded(subscriptions_.begin()->first);
  while (!published_.empty()) RemovePublished(published_.begin()->first);
}

bool MediaEndpoint::SendControl(SharedText text, Timestamp now) {
  if (!queue_.PushControl(std::move(text), now)) return false;
  connection_.Wake();
  return true;
}

bool MediaEndpoint::NextFrame(net::OutgoingFrame& frame, Timestamp now) {
  now_ = now;
  auto item = queue_.Pop(now);
  if (!item) return false;
  frame.control = false;
  if (auto* text = std::get_if<SharedText>(&*item)) {
    frame_text_ = std::move(*text);
    frame.control = true;
    frame.bytes = {reinterpret_cast<const uint8_t*>(frame_text_->data()), frame_text_->size()};
  } else if (auto* rtcp = std::get_if<SendQueue::Rtcp>(&*item)) {
    frame_rtcp_ = std::move(*rtcp);
    frame.bytes = frame_rtcp_;
    metrics_.rtcp_out.Add();
  } else {
    const auto& packet = std::get<OutgoingPacket>(*item);
    frame.bytes = Rewrite(packet);
    metrics_.packets_out.Add();
    metrics_.bytes_out.Add(static_cast<int64_t>(frame.bytes.size()));
    const auto found = subscriptions_.find(packet.ssrc);
    if (found != subscriptions_.end()) found->second->OnSent(packet, now);
  }
  return true;
}

ByteSpan MediaEndpoint::Rewrite(const OutgoingPacket& packet) {
  const ByteSpan source = packet.packet->bytes();
  const MutableByteSpan out(frame_packet_.data(), source.size());
  std::memcpy(out.data(), source.data(), source.size());
  rtp::RewriteSsrc(out, packet.ssrc);
  rtp::RewriteSequenceNumber(out, packet.sequence_number);
  if (const size_t offset = packet.packet->transport_sequence_offset) {
    rtp::RewriteTransportSequenceNumber(out, offset, next_transport_sequence_++);
  }
  return out;
}

void MediaEndpoint::StopMedia() {
  media_stopped_ = true;
  queue_.DropMedia();
}

void MediaEndpoint::Tick(Timestamp now) {
  now_ = now;
  queue_.DropStale(now);
  for (const auto& stream : published_ | std::views::values) stream->Tick(now);
  if (!last_feedback_ || now - *last_feedback_ >= kFeedbackInterval) {
    last_feedback_ = now;
    if (auto feedback = arrivals_.BuildFeedback()) {
      feedback->sender_ssrc = own_ssrc_;
      // The draft wants a media source though the report is of them all.
      feedback->media_ssrc = published_.empty() ? 0 : published_.begin()->first;
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
  for (const auto& stream : published_ | std::views::values) {
    if (auto block = stream->BuildReportBlock(now)) report.blocks.push_back(*block);
  }
  if (!report.blocks.empty()) SendRtcp(report, now);
}

void MediaEndpoint::SendRtcp(const rtp::RtcpPacket& packet, Timestamp now) {
  if (media_stopped_) return;
  SendQueue::Rtcp bytes;
  if (!rtp::AppendRtcp(packet, bytes) || bytes.size() > rtp::kMaxReceivedPacketSize) return;
  if (const auto* report = std::get_if<rtp::SenderReport>(&packet)) {
    queue_.PushSenderReport(report->sender_ssrc, std::move(bytes), now);
  } else {
    queue_.PushRtcp(std::move(bytes), now);
  }
  connection_.Wake();
}

void MediaEndpoint::SendMedia(OutgoingPacket packet, bool video) {
  if (media_stopped_) return;
  now_ = packet.enqueued;
  if (video) {
    queue_.PushVideo(std::move(packet));
  } else {
    queue_.PushAudio(std::move(packet));
  }
  connection_.Wake();
}

void MediaEndpoint::SendRetransmission(OutgoingPacket packet) {
  if (media_stopped_) return;
  queue_.PushRetransmission(std::move(packet));
  connection_.Wake();
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
  const auto found = subscriptions_.find(drop.ssrc);
  if (found != subscriptions_.end()) found->second->OnDropped(drop, now_);
}

void MediaEndpoint::OnAudioDropped(uint32_t) { metrics_.Drop(DropReason::kQueueAudio); }

}  // namespace ferry::gateway
