#include "gateway/session/media_sender.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/transport/padding_packet.h"

namespace ferry::gateway {

MediaSender::MediaSender(const SendQueue::Limits& limits, SfuWorker& worker)
    : worker_(worker), metrics_(worker.metrics()), queue_(limits, *this) {}

MediaSender::~MediaSender() { Suspend(); }

void MediaSender::Attach(net::Connection& connection) {
  Suspend();
  connection_ = &connection;
  bandwidth_.Reset();
  fec_ = {};
}

void MediaSender::Suspend() {
  if (connection_ != nullptr) worker_.wakes().Remove(*connection_);
  connection_ = nullptr;
  held_round_ = 0;
  waiting_since_.reset();
  recent_ = {};
  queue_.Clear();
}

Duration MediaSender::round_trip() const {
  const auto measured = attached() ? connection_->round_trip() : std::nullopt;
  return measured.value_or(bandwidth_.round_trip());
}

void MediaSender::Wake(Timestamp now) {
  if (connection_ == nullptr) return;
  if (!waiting_since_) waiting_since_ = now;
  connection_->Wake();
}

void MediaSender::SendMedia(OutgoingPacket packet, bool video) {
  if (!attached()) return;
  const Timestamp now = packet.enqueued;
  if (!video) {
    queue_.PushAudio(std::move(packet));
    return Wake(now);
  }
  queue_.PushVideo(std::move(packet));
  if (!held()) Wake(now);
}

bool MediaSender::SendRetransmission(OutgoingPacket packet) {
  if (!attached()) return false;
  const Timestamp now = packet.enqueued;
  if (!bandwidth_.TakeResend(packet.packet->size, now)) {
    metrics_.Drop(DropReason::kRetransmissionRate);
    return false;
  }
  queue_.PushRetransmission(std::move(packet));
  Wake(now);
  return true;
}

void MediaSender::SendRtcp(const rtp::RtcpPacket& packet, Timestamp now) {
  if (!attached()) return;
  SendQueue::Rtcp bytes = queue_.TakeBuffer();
  if (!rtp::AppendRtcp(packet, bytes) || bytes.size() > rtp::kMaxReceivedPacketSize) return;
  if (const auto* report = std::get_if<rtp::SenderReport>(&packet)) {
    queue_.PushSenderReport(report->sender_ssrc, std::move(bytes), now);
  } else {
    queue_.PushRtcp(std::move(bytes), now);
  }
  Wake(now);
}

void MediaSender::Forget(OutgoingStream& stream) {
  queue_.RemoveStream(stream);
  for (Repeatable& recent : recent_) {
    if (recent.stream == &stream) recent = {};
  }
}

void MediaSender::OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now) {
  fec_.OnFeedback(bandwidth_.OnFeedback(feedback, now));
}

bool MediaSender::NextFrame(net::OutgoingFrame& frame, Timestamp now) {
  frame.control = false;
  if (GiveRepair(frame, now)) return true;
  if (frame_rtcp_.capacity() > 0) queue_.ReuseBuffer(std::exchange(frame_rtcp_, {}));
  while (auto item = queue_.Pop(now, bandwidth_.CanSend(now))) {
    if (auto* rtcp = std::get_if<SendQueue::Rtcp>(&*item)) {
      frame_rtcp_ = std::move(*rtcp);
      frame.bytes = frame_rtcp_;
      metrics_.rtcp_out.Add();
      return true;
    }
    if (GiveMedia(std::get<OutgoingPacket>(std::move(*item)), frame, now)) return true;
    // Not recorded as sent: it would be asked for again, and be as large again.
    metrics_.Drop(DropReason::kOversized);
  }
  if (attached() && bandwidth_.PaddingWanted(now) > 0) {
    GivePadding(frame, now);
    return true;
  }
  waiting_since_.reset();
  const bool paced = queue_.has_video() || fec_.due(rtp::MediaKind::kVideo) || bandwidth_.probing();
  if (paced && attached() && !held()) {
    held_round_ = worker_.wakes().round();
    worker_.wakes().Add(*connection_);
  }
  return false;
}

bool MediaSender::GiveMedia(OutgoingPacket packet, net::OutgoingFrame& frame, Timestamp now) {
  OutgoingStream& stream = *packet.stream;
  std::optional<uint16_t> number;
  if (!Write(stream, packet, frame, number)) return false;
  const bool video = stream.video();
  Account(number, !video, frame, now);
  if (number) {
    if (video) recent_[next_recent_++ % kPaddingPackets] = {&stream, packet.sequence_number};
    fec_.OnSent(video ? rtp::MediaKind::kVideo : rtp::MediaKind::kAudio, *number, frame.bytes,
                packet.packet->transport_sequence_offset, now);
  }
  stream.OnSent(std::move(packet), now);
  return true;
}

bool MediaSender::GiveRepair(net::OutgoingFrame& frame, Timestamp now) {
  // Mostly none is due: the pacer is asked for one that is.
  return GiveRepairOf(rtp::MediaKind::kAudio, frame, now) ||
         (fec_.due(rtp::MediaKind::kVideo) && bandwidth_.CanSend(now) &&
          GiveRepairOf(rtp::MediaKind::kVideo, frame, now));
}

bool MediaSender::GiveRepairOf(rtp::MediaKind kind, net::OutgoingFrame& frame, Timestamp now) {
  if (!attached()) return false;
  auto repair = fec_.Next(kind, now);
  if (!repair || repair->bytes.size() > connection_->max_media_bytes()) return false;
  frame_repair_ = std::move(*repair);
  const uint16_t number = next_transport_sequence_++;
  frame_repair_.SetTransportSequenceNumber(number);
  frame.bytes = frame_repair_.bytes;
  metrics_.repair_packets.Add();
  Account(number, kind == rtp::MediaKind::kAudio, frame, now);
  return true;
}

void MediaSender::GivePadding(net::OutgoingFrame& frame, Timestamp now) {
  const Repeatable& recent = recent_[next_recent_++ % kPaddingPackets];
  const auto packet =
      recent.stream ? recent.stream->FindSent(recent.sequence_number) : std::nullopt;
  std::optional<uint16_t> number;
  if (!packet || !Write(*recent.stream, *packet, frame, number) || !number) {
    number = next_transport_sequence_++;
    const size_t size = transport::WritePaddingPacket(
        *number, static_cast<size_t>(bandwidth_.PaddingWanted(now)), worker_.outgoing_packet());
    frame.bytes = ByteSpan(worker_.outgoing_packet()).first(size);
  }
  metrics_.padding_packets.Add();
  Account(number, /*audio=*/false, frame, now);
}

bool MediaSender::Write(const OutgoingStream& stream, const OutgoingPacket& packet,
                        net::OutgoingFrame& frame, std::optional<uint16_t>& number) {
  MutableByteSpan out = worker_.outgoing_packet();
  if (attached()) out = out.first(std::min(out.size(), connection_->max_media_bytes()));
  const auto written = stream.Write(packet, next_transport_sequence_, out);
  if (written.size == 0) return false;
  if (written.numbered) number = next_transport_sequence_++;
  frame.bytes = out.first(written.size);
  return true;
}

void MediaSender::Account(std::optional<uint16_t> transport_sequence, bool audio,
                          net::OutgoingFrame& frame, Timestamp now) {
  metrics_.packets_out.Add();
  metrics_.bytes_out.Add(static_cast<int64_t>(frame.bytes.size()));
  bandwidth_.OnSent(transport_sequence, frame.bytes.size(), audio, now);
}

void MediaSender::Tick(DataRate wanted_video, Timestamp now) {
  queue_.DropStale(now);
  bandwidth_.OnQueueDelay(now - waiting_since_.value_or(now), now);
  bandwidth_.Tick(wanted_video * (1 + fec_.protection().video), now);
}

void MediaSender::SendPadding(Timestamp now) {
  if (attached() && bandwidth_.PaddingWanted(now) > 0) Wake(now);
}

void MediaSender::OnVideoDropped(size_t packets) {
  metrics_.Drop(DropReason::kQueueVideo, static_cast<int64_t>(packets));
}

void MediaSender::OnAudioDropped() { metrics_.Drop(DropReason::kQueueAudio); }

}  // namespace ferry::gateway
