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

MediaEndpoint::MediaEndpoint(const MediaLimits& limits, SfuWorker& worker,
                             MediaEndpointListener& listener, uint32_t own_ssrc)
    : limits_(limits),
      worker_(worker),
      metrics_(worker.metrics()),
      listener_(listener),
      own_ssrc_(own_ssrc),
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
  const auto subscription = [&](uint32_t ssrc) {
    const auto found = subscriptions_.find(ssrc);
    return found == subscriptions_.end() ? nullptr : found->second.get();
  };
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

PublishedStream* MediaEndpoint::FindPublished(uint32_t ssrc, size_t& encoding) {
  for (const auto& stream : published_) {
    const auto& encodings = stream->publication().encodings;
    for (encoding = 0; encoding < encodings.size(); ++encoding) {
      if (encodings[encoding].ssrc == ssrc) return stream.get();
    }
  }
  return nullptr;
}

void MediaEndpoint::Publish(const Publication& publication) {
  auto& stream =
      published_.emplace_back(std::make_unique<PublishedStream>(publication, *this, worker_));
  if (connection_ != nullptr) stream->set_reliable(connection_->reliable());
}

void MediaEndpoint::Unpublish(StreamKey key) {
  std::erase_if(published_, [&](const auto& stream) { return stream->key() == key; });
}

Subscription* MediaEndpoint::FindSubscription(StreamKey key) const {
  for (const auto& subscription : subscriptions_ | std::views::values) {
    if (subscription->key() == key) return subscription.get();
  }
  return nullptr;
}

std::optional<uint32_t> MediaEndpoint::SubscribedSsrc(StreamKey key) const {
  const Subscription* subscription = FindSubscription(key);
  return subscription ? std::optional(subscription->ssrc()) : std::nullopt;
}

bool MediaEndpoint::Subscribe(const SubscriptionRequest& request, Timestamp now) {
  now_ = now;
  if (FindSubscription(request.key) != nullptr) return true;
  if (subscriptions_.size() >= limits_.max_subscriptions) return false;
  // RFC 3550 §5.1 wants an unpredictable beginning; the SSRC was drawn at random.
  const auto first_sequence = static_cast<uint16_t>(request.ssrc * 40'503u >> 8);
  subscriptions_[request.ssrc] =
      std::make_unique<Subscription>(worker_, request, *this, first_sequence, now);
  metrics_.subscriptions.Add(1);
  return true;
}

void MediaEndpoint::Unsubscribe(StreamKey key) {
  if (const Subscription* found = FindSubscription(key)) OnStreamEnded(found->ssrc());
}

void MediaEndpoint::SetWish(StreamKey, const LayerWish&, Timestamp) {}

MediaState MediaEndpoint::TakeState() {
  MediaState state{.own_ssrc = own_ssrc_, .next_transport_sequence = next_transport_sequence_};
  for (const auto& stream : published_) {
    state.publications.push_back(stream->publication());
    stream->Release();
  }
  for (const auto& subscription : subscriptions_ | std::views::values) {
    state.subscriptions.push_back({subscription->request(), subscription->next_sequence()});
  }
  Suspend();
  Clear();
  return state;
}

std::unique_ptr<MediaEndpoint> MediaEndpoint::FromState(const MediaLimits& limits,
                                                        SfuWorker& worker,
                                                        MediaEndpointListener& listener,
                                                        MediaState state, Timestamp now) {
  auto endpoint = std::make_unique<MediaEndpoint>(limits, worker, listener, state.own_ssrc);
  endpoint->next_transport_sequence_ = state.next_transport_sequence;
  for (const Publication& publication : state.publications) endpoint->Publish(publication);
  for (const auto& [request, next_sequence] : state.subscriptions) {
    endpoint->subscriptions_[request.ssrc] =
        std::make_unique<Subscription>(worker, request, *endpoint, next_sequence, now);
    endpoint->metrics_.subscriptions.Add(1);
  }
  return endpoint;
}

void MediaEndpoint::Attach(net::Connection& connection, Timestamp now) {
  now_ = now;
  connection_ = &connection;
  for (const auto& stream : published_) stream->set_reliable(connection.reliable());
  for (const auto& subscription : subscriptions_ | std::views::values) subscription->Restart(now);
  if (!queue_.empty()) Wake();
}

void MediaEndpoint::Suspend() {
  connection_ = nullptr;
  queue_.DropMedia();
}

void MediaEndpoint::Wake() {
  if (connection_ != nullptr) connection_->Wake();
}

void MediaEndpoint::OnStreamEnded(uint32_t ssrc) {
  queue_.RemoveStream(ssrc);
  if (subscriptions_.erase(ssrc)) metrics_.subscriptions.Add(-1);
}

void MediaEndpoint::Clear() {
  while (!subscriptions_.empty()) OnStreamEnded(subscriptions_.begin()->first);
  published_.clear();
}

bool MediaEndpoint::SendControl(SharedText text, Timestamp now) {
  if (!queue_.PushControl(std::move(text), now)) return false;
  Wake();
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
  for (const auto& stream : published_) stream->Tick(now);
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
  SendQueue::Rtcp bytes;
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
  if (video) {
    queue_.PushVideo(std::move(packet));
  } else {
    queue_.PushAudio(std::move(packet));
  }
  Wake();
}

void MediaEndpoint::SendRetransmission(OutgoingPacket packet) {
  if (!sending()) return;
  queue_.PushRetransmission(std::move(packet));
  Wake();
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
