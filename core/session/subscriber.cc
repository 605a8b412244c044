#include "core/session/subscriber.h"

#include <algorithm>
#include <utility>

#include "core/session/stream_limits.h"

namespace ferry::session {
namespace {

constexpr Duration kFeedbackInterval = Duration::Millis(100);
// RFC 3550 §6.4.1: the count of report blocks has five bits.
constexpr size_t kMaxReportBlocks = 31;

template <typename Map>
auto* FindIn(Map& map, uint32_t ssrc) {
  const auto it = map.find(ssrc);
  return it == map.end() ? nullptr : it->second.get();
}

// A packet with its number among all of its source, whose only receiver this is.
rtp::RtpPacket Received(ByteSpan bytes, const rtp::RtpPacketView& view,
                        Unwrapper<uint16_t>& sequence, bool recovered) {
  rtp::RtpPacket packet = rtp::RtpPacket::Copy(bytes, view);
  packet.recovered = recovered;
  packet.sequence = sequence.Unwrap(packet.header.sequence_number);
  return packet;
}

}  // namespace

template <typename Receiver>
Result<void> Subscriber::Add(Streams<Receiver>& streams, uint32_t ssrc, uint32_t sync_group) {
  if (streams.size() >= kMaxStreams) return TooManyStreams();
  auto& stream = streams[ssrc] = std::make_unique<Stream<Receiver>>();
  stream->sync_group = sync_group;
  ApplyDelays(stream->receiver, Duration::Zero());
  return {};
}

Result<void> Subscriber::AddAudio(uint32_t ssrc, uint32_t sync_group) {
  return Add(audio_, ssrc, sync_group);
}

Result<void> Subscriber::AddVideo(uint32_t ssrc, uint32_t sync_group) {
  return Add(video_, ssrc, sync_group);
}

Result<void> Subscriber::Remove(uint32_t ssrc) {
  if (audio_.erase(ssrc) + video_.erase(ssrc) == 0) return NoSuchStream(ssrc);
  std::erase_if(sync_groups_, [this](const auto& group) {
    const auto in_group = [&](const auto& each) { return each.second->sync_group == group.first; };
    return std::ranges::none_of(audio_, in_group) || std::ranges::none_of(video_, in_group);
  });
  // What is left of a group waits for nobody any more.
  ApplyAllDelays();
  return {};
}

Result<void> Subscriber::PullAudio(uint32_t ssrc, Duration downstream, Timestamp now,
                                   std::span<float> out) {
  auto* stream = FindIn(audio_, ssrc);
  if (!stream) return NoSuchStream(ssrc);
  constexpr size_t kBlock = kAudioFrameSamples * AudioReceiver::kChannels;
  if (out.size() < kBlock) {
    return Fail(ErrorCode::kInvalidArgument, "no room for 10 ms of stereo");
  }
  stream->receiver.Pull(now, downstream, out.first(kBlock));
  return {};
}

Result<void> Subscriber::RequestKeyframe(uint32_t ssrc) {
  auto* stream = FindIn(video_, ssrc);
  if (!stream) return NoSuchStream(ssrc);
  stream->receiver.OnDecoderFailed();
  return {};
}

// --- The network

Result<void> Subscriber::Receive(ByteSpan packet, Timestamp now) {
  const auto view = rtp::ParseRtp(packet);
  if (!view) return std::unexpected(view.error());
  if (view->extensions.transport_sequence_number) {
    arrivals_.OnPacket(*view->extensions.transport_sequence_number, now);
    if (!next_feedback_) next_feedback_ = now + kFeedbackInterval;
  }
  if (!next_report_) next_report_ = now + kReportInterval;
  if (rtp::KindOf(view->header.payload_type) == rtp::MediaKind::kRepair) {
    const auto taken = fec_.OnRepair(view->payload);
    if (taken) ReceiveRecovered(now);
    return taken;
  }
  const auto received = ReceiveMedia(packet, *view, /*recovered=*/false, now);
  if (view->extensions.transport_sequence_number) {
    fec_.OnPacket(*view->extensions.transport_sequence_number, packet,
                  view->transport_sequence_number_offset);
    ReceiveRecovered(now);
  }
  return received;
}

void Subscriber::ReceiveRecovered(Timestamp now) {
  while (const auto packet = fec_.TakeRecovered()) {
    const auto view = rtp::ParseRtp(*packet);
    // What is not understood was not made by an encoder of ours; that it came is no news.
    if (view) (void)ReceiveMedia(*packet, *view, /*recovered=*/true, now);
  }
}

Result<void> Subscriber::ReceiveMedia(ByteSpan packet, const rtp::RtpPacketView& view,
                                      bool recovered, Timestamp now) {
  if (auto* stream = FindIn(audio_, view.header.ssrc)) {
    stream->receiver.Receive(Received(packet, view, stream->sequence, recovered), now);
    return {};
  }
  if (auto* stream = FindIn(video_, view.header.ssrc)) {
    return stream->receiver.Receive(Received(packet, view, stream->sequence, recovered), now);
  }
  // Packets of a stream whose subscription ended, or is about to be known, are under way for a
  // while: no error.
  return {};
}

void Subscriber::OnSenderReport(const rtp::SenderReport& report, Timestamp now) {
  if (auto* stream = FindIn(audio_, report.sender_ssrc)) {
    stream->receiver.OnSenderReport(report, now);
  }
  if (auto* stream = FindIn(video_, report.sender_ssrc)) {
    stream->receiver.OnSenderReport(report, now);
  }
}

// --- Time

void Subscriber::RunTimers(Timestamp now) {
  RunVideo(now);
  Synchronise(now);
  if (next_feedback_ && now >= *next_feedback_) {
    next_feedback_.reset();
    SendFeedback();
  }
  if (next_report_ && now >= *next_report_) {
    next_report_ = now + kReportInterval;
    SendReports(now);
  }
}

void Subscriber::RunVideo(Timestamp now) {
  for (auto& [ssrc, stream] : video_) {
    VideoReceiver& receiver = stream->receiver;
    while (auto frame = receiver.NextFrame(now)) {
      outputs_.Push(DecodeFrame{ssrc, std::move(*frame)});
    }
    receiver.SetRoundTrip(round_trip_);
    if (auto missing = receiver.TakeNacks(now); !missing.empty()) {
      outputs_.PushRtcp(rtp::Nack{.sender_ssrc = reporter_ssrc_,
                                  .media_ssrc = ssrc,
                                  .sequence_numbers = std::move(missing)});
    }
    if (receiver.TakeKeyframeRequest(now)) {
      outputs_.PushRtcp(
          rtp::PictureLossIndication{.sender_ssrc = reporter_ssrc_, .media_ssrc = ssrc});
    }
  }
}

void Subscriber::SendFeedback() {
  while (auto feedback = arrivals_.BuildFeedback()) {
    feedback->sender_ssrc = reporter_ssrc_;
    outputs_.PushRtcp(*feedback);
  }
}

void Subscriber::SendReports(Timestamp now) {
  rtp::ReceiverReport report{.sender_ssrc = reporter_ssrc_};
  const auto add = [&](uint32_t ssrc, transport::ReceptionStats& reception) {
    if (!reception.started()) return;
    report.blocks.push_back(reception.BuildReportBlock(ssrc, now));
    if (report.blocks.size() == kMaxReportBlocks) {
      outputs_.PushRtcp(report);
      report.blocks.clear();
    }
  };
  for (auto& [ssrc, stream] : audio_) add(ssrc, stream->receiver.reception());
  for (auto& [ssrc, stream] : video_) add(ssrc, stream->receiver.reception());
  if (!report.blocks.empty()) outputs_.PushRtcp(report);
}

Timestamp Subscriber::NextWakeup() const {
  Timestamp next = next_report_.value_or(Timestamp::Infinite());
  if (next_feedback_) next = std::min(next, *next_feedback_);
  for (const auto& [ssrc, stream] : video_) next = std::min(next, stream->receiver.NextDue());
  return next;
}

// --- Delay and synchronisation

void Subscriber::SetPlayoutDelay(std::optional<Duration> min, std::optional<Duration> max) {
  min_delay_ = min;
  max_delay_ = max;
  ApplyAllDelays();
}

void Subscriber::ApplyAllDelays() {
  const auto sync_of = [this](uint32_t group) {
    const auto it = sync_groups_.find(group);
    return it == sync_groups_.end() ? AvSync() : it->second;
  };
  for (auto& [ssrc, stream] : audio_) {
    ApplyDelays(stream->receiver, sync_of(stream->sync_group).audio_minimum_delay());
  }
  for (auto& [ssrc, stream] : video_) {
    ApplyDelays(stream->receiver, sync_of(stream->sync_group).video_minimum_delay());
  }
}

void Subscriber::ApplyDelays(AudioReceiver& audio, Duration sync_minimum) {
  audio.SetMinimumDelay(std::max(sync_minimum, min_delay_.value_or(Duration::Zero())));
  audio.SetMaximumDelay(max_delay_.value_or(JitterBufferConfig{}.max_delay));
}

void Subscriber::ApplyDelays(VideoReceiver& video, Duration sync_minimum) {
  video.timing().SetMinimumDelay(std::max(sync_minimum, min_delay_.value_or(Duration::Zero())));
  video.timing().SetMaximumDelay(max_delay_.value_or(video::PlayoutTiming::kMaxDelay));
}

void Subscriber::Synchronise(Timestamp now) {
  for (auto& [ssrc, audio] : audio_) {
    if (audio->sync_group == 0) continue;
    const auto video = std::ranges::find_if(
        video_, [&](const auto& each) { return each.second->sync_group == audio->sync_group; });
    if (video == video_.end()) continue;
    AvSync& sync = sync_groups_[audio->sync_group];
    VideoReceiver& picture = video->second->receiver;
    const auto shown = picture.playing(now) ? picture.end_to_end() : std::nullopt;
    if (sync.Update(audio->receiver.end_to_end(), shown, now)) {
      ApplyDelays(audio->receiver, sync.audio_minimum_delay());
      ApplyDelays(picture, sync.video_minimum_delay());
    }
  }
}

// --- What others see

const AudioReceiver* Subscriber::audio(uint32_t ssrc) const {
  const auto* stream = FindIn(audio_, ssrc);
  return stream ? &stream->receiver : nullptr;
}
const VideoReceiver* Subscriber::video(uint32_t ssrc) const {
  const auto* stream = FindIn(video_, ssrc);
  return stream ? &stream->receiver : nullptr;
}

}  // namespace ferry::session
