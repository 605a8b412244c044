#include "gateway/session/media_publisher.h"

#include <algorithm>
#include <utility>

#include "core/transport/padding_packet.h"
#include "gateway/sfu/stream_fanout.h"

namespace ferry::gateway {

MediaPublisher::MediaPublisher(SfuWorker& worker, MediaSender& sender, uint32_t own_ssrc)
    : worker_(worker), metrics_(worker.metrics()), sender_(sender), own_ssrc_(own_ssrc) {}

void MediaPublisher::Publish(const Publication& publication) {
  PublisherSink& sink = *this;
  auto& stream =
      streams_.emplace_back(std::make_unique<PublishedStream>(publication, sink, worker_));
  stream->set_reliable(sender_.reliable());
}

void MediaPublisher::Unpublish(StreamId key) {
  std::erase_if(streams_, [&](const auto& stream) { return stream->key() == key; });
}

std::vector<Publication> MediaPublisher::publications() const {
  std::vector<Publication> publications;
  for (const auto& stream : streams_) publications.push_back(stream->publication());
  return publications;
}

void MediaPublisher::Release() {
  for (const auto& stream : streams_) stream->Release();
  streams_.clear();
}

void MediaPublisher::OnAttached() {
  for (const auto& stream : streams_) stream->set_reliable(sender_.reliable());
}

PublishedStream* MediaPublisher::Find(uint32_t ssrc, size_t& encoding) {
  for (const auto& stream : streams_) {
    const auto& encodings = stream->publication().encodings;
    for (encoding = 0; encoding < encodings.size(); ++encoding) {
      if (encodings[encoding].ssrc == ssrc) return stream.get();
    }
  }
  return nullptr;
}

bool MediaPublisher::OnRtp(ByteSpan packet, Timestamp now) {
  const auto view = rtp::ParseRtp(packet);
  if (!view) return false;
  metrics_.packets_in.Add();
  metrics_.bytes_in.Add(static_cast<int64_t>(packet.size()));
  // Also of streams not (or no longer) known: feedback is about the path, not the stream.
  if (const auto number = view->extensions.transport_sequence_number) {
    arrivals_.OnPacket(*number, now);
  }
  if (rtp::KindOf(view->header.payload_type) == rtp::MediaKind::kRepair) {
    if (!fec_.OnRepair(view->payload)) return false;
    ForwardRecovered(now);
    return true;
  }
  if (view->header.ssrc == rtp::kNoStreamSsrc) return true;
  OnMedia(packet, *view, /*recovered=*/false, now);
  if (const auto number = view->extensions.transport_sequence_number) {
    fec_.OnPacket(*number, packet, view->transport_sequence_number_offset);
    ForwardRecovered(now);
  }
  return true;
}

void MediaPublisher::ForwardRecovered(Timestamp now) {
  while (const auto packet = fec_.TakeRecovered()) {
    metrics_.recovered_packets.Add();
    if (const auto view = rtp::ParseRtp(*packet)) OnMedia(*packet, *view, /*recovered=*/true, now);
  }
}

void MediaPublisher::OnMedia(ByteSpan packet, const rtp::RtpPacketView& view, bool recovered,
                             Timestamp now) {
  size_t encoding = 0;
  PublishedStream* stream = Find(view.header.ssrc, encoding);
  if (stream == nullptr) {
    // It may have been on its way when the stream was unpublished.
    metrics_.Drop(DropReason::kUnknownSource);
  } else if (!stream->OnRtp(encoding, packet, view, now, recovered)) {
    metrics_.Drop(DropReason::kWrongPayload);
  }
}

void MediaPublisher::OnSenderReport(const rtp::SenderReport& report, Timestamp now) {
  size_t encoding = 0;
  if (auto* stream = Find(report.sender_ssrc, encoding)) {
    stream->OnSenderReport(encoding, report, now);
  }
}

void MediaPublisher::Tick(Timestamp now) {
  if (!last_feedback_ || now - *last_feedback_ >= kFeedbackInterval) {
    last_feedback_ = now;
    SendFeedback(now);
  }
  if (!last_report_ || now - *last_report_ >= kReportInterval) {
    last_report_ = now;
    SendReceiverReport(now);
  }
}

void MediaPublisher::SendFeedback(Timestamp now) {
  auto feedback = arrivals_.BuildFeedback();
  if (!feedback) return;
  feedback->sender_ssrc = own_ssrc_;
  // The draft wants a media source though the report is of them all.
  feedback->media_ssrc =
      streams_.empty() ? 0 : streams_.front()->publication().encodings.front().ssrc;
  sender_.SendRtcp(*feedback, now);
}

void MediaPublisher::SendReceiverReport(Timestamp now) {
  rtp::ReceiverReport report;
  report.sender_ssrc = own_ssrc_;
  for (const auto& stream : streams_) stream->AppendReportBlocks(report.blocks, now);
  if (!report.blocks.empty()) sender_.SendRtcp(report, now);
}

bool MediaPublisher::speaks() const {
  return std::ranges::any_of(streams_, [this](const auto& stream) {
    const StreamFanout* fanout = worker_.FindFanout(stream->key());
    return fanout != nullptr && fanout->selected();
  });
}

void MediaPublisher::RequestKeyframe(uint32_t ssrc, Timestamp now) {
  metrics_.keyframe_requests.Add();
  sender_.SendRtcp(rtp::PictureLossIndication{.sender_ssrc = own_ssrc_, .media_ssrc = ssrc}, now);
}

void MediaPublisher::RequestPackets(uint32_t ssrc, std::vector<uint16_t> sequence_numbers,
                                    Timestamp now) {
  sender_.SendRtcp(rtp::Nack{.sender_ssrc = own_ssrc_,
                             .media_ssrc = ssrc,
                             .sequence_numbers = std::move(sequence_numbers)},
                   now);
}

}  // namespace ferry::gateway
