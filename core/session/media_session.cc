#include "core/session/media_session.h"

#include <algorithm>
#include <string>
#include <utility>

namespace ferry::session {
namespace {

Error NoSuchStream(uint32_t ssrc) {
  return {ErrorCode::kNotFound, "no stream with SSRC " + std::to_string(ssrc)};
}

template <typename Map>
auto* Find(Map& map, uint32_t ssrc) {
  const auto it = map.find(ssrc);
  return it == map.end() ? nullptr : &it->second;
}

}  // namespace

MediaSession::MediaSession(uint64_t seed)
    : random_(seed),
      video_timestamp_offset_(static_cast<uint32_t>(random_())),
      reporter_ssrc_(static_cast<uint32_t>(random_())) {}

// --- Publishing

Result<void> MediaSession::CheckNew(uint32_t ssrc) const {
  if (audio_senders_.contains(ssrc) || video_senders_.contains(ssrc) ||
      audio_receivers_.contains(ssrc) || video_receivers_.contains(ssrc)) {
    return Fail(ErrorCode::kInvalidArgument, "SSRC " + std::to_string(ssrc) + " is in use");
  }
  const size_t most = std::max({audio_senders_.size(), video_senders_.size(),
                                audio_receivers_.size(), video_receivers_.size()});
  if (most >= kMaxStreams) return Fail(ErrorCode::kLimitExceeded, "more than 128 streams");
  return {};
}

RtpSenderConfig MediaSession::NewSource(uint32_t ssrc, uint8_t payload_type, int clock_rate_hz) {
  return {.ssrc = ssrc,
          .payload_type = payload_type,
          .clock_rate_hz = clock_rate_hz,
          // In the lower half, so that the first packets lost are not taken for a wrap.
          .first_sequence = static_cast<uint16_t>(random_() & 0x7FFF),
          .timestamp_offset = static_cast<uint32_t>(random_())};
}

Result<void> MediaSession::AddAudioSender(uint32_t ssrc, int channels, DataRate bitrate) {
  if (auto ok = CheckNew(ssrc); !ok) return ok;
  auto sender = AudioSender::Create({.rtp = NewSource(ssrc, rtp::kOpusPayloadType, kOpusSampleRate),
                                     .channels = channels,
                                     .bitrate = bitrate});
  if (!sender) return std::unexpected(sender.error());
  audio_senders_.emplace(ssrc, std::move(*sender));
  return {};
}

Result<void> MediaSession::AddVideoSender(uint32_t ssrc) {
  if (auto ok = CheckNew(ssrc); !ok) return ok;
  RtpSenderConfig source =
      NewSource(ssrc, rtp::kVp8PayloadType, video::PlayoutTiming::kClockRateHz);
  source.timestamp_offset = video_timestamp_offset_;
  video_senders_.try_emplace(ssrc, source, static_cast<uint16_t>(random_()));
  return {};
}

Result<void> MediaSession::RemoveSender(uint32_t ssrc) {
  if (audio_senders_.erase(ssrc) + video_senders_.erase(ssrc) == 0) {
    return std::unexpected(NoSuchStream(ssrc));
  }
  EmitRtcp(rtp::Bye{.ssrcs = {ssrc}});
  return {};
}

template <typename Push>
Result<void> MediaSession::SendAudio(uint32_t ssrc, Timestamp now, const Push& push) {
  AudioSender* sender = Find(audio_senders_, ssrc);
  if (!sender) return std::unexpected(NoSuchStream(ssrc));
  const bool first = !sender->rtp().sent_any();
  made_.clear();
  const Result<void> pushed = push(*sender);
  for (auto& packet : made_) EmitAudio(std::move(packet), now);
  if (first && !made_.empty()) EmitRtcp(sender->rtp().BuildSenderReport(now));
  return pushed;
}

Result<void> MediaSession::PushAudio(uint32_t ssrc, std::span<const float> pcm,
                                     Timestamp capture_time, Timestamp now) {
  return SendAudio(ssrc, now,
                   [&](AudioSender& sender) { return sender.Push(pcm, capture_time, now, made_); });
}

Result<void> MediaSession::PushOpus(uint32_t ssrc, ByteSpan packet, std::span<const float> decoded,
                                    Timestamp capture_time, Timestamp now) {
  return SendAudio(ssrc, now, [&](AudioSender& sender) {
    return sender.PushEncoded(packet, decoded, capture_time, now, made_);
  });
}

Result<void> MediaSession::SetAudioMuted(uint32_t ssrc, bool muted) {
  AudioSender* sender = Find(audio_senders_, ssrc);
  if (!sender) return std::unexpected(NoSuchStream(ssrc));
  sender->SetMuted(muted);
  return {};
}

Result<void> MediaSession::SendFrame(uint32_t ssrc, ByteSpan frame, bool keyframe,
                                     Timestamp capture_time, Timestamp now,
                                     std::optional<uint8_t> temporal_id) {
  VideoSender* sender = Find(video_senders_, ssrc);
  if (!sender) return std::unexpected(NoSuchStream(ssrc));
  const bool first = !sender->rtp().sent_any();
  made_.clear();
  const auto sent = sender->Send(frame, keyframe, temporal_id, capture_time, now, made_);
  for (auto& packet : made_) sender_.Queue(std::move(packet), now);
  if (first && !made_.empty()) EmitRtcp(sender->rtp().BuildSenderReport(now));
  return sent;
}

// --- Subscribing

Result<void> MediaSession::AddAudioReceiver(uint32_t ssrc, uint32_t sync_group) {
  if (auto ok = CheckNew(ssrc); !ok) return ok;
  auto& in = audio_receivers_[ssrc] = std::make_unique<RemoteAudio>();
  in->sync_group = sync_group;
  ApplyDelays(in->receiver, Duration::Zero());
  return {};
}

Result<void> MediaSession::AddVideoReceiver(uint32_t ssrc, uint32_t sync_group) {
  if (auto ok = CheckNew(ssrc); !ok) return ok;
  auto& in = video_receivers_[ssrc] = std::make_unique<RemoteVideo>();
  in->sync_group = sync_group;
  ApplyDelays(in->receiver, Duration::Zero());
  return {};
}

Result<void> MediaSession::RemoveReceiver(uint32_t ssrc) {
  if (audio_receivers_.erase(ssrc) + video_receivers_.erase(ssrc) == 0) {
    return std::unexpected(NoSuchStream(ssrc));
  }
  std::erase_if(sync_groups_, [this](const auto& group) {
    const auto in_group = [&](const auto& in) { return in.second->sync_group == group.first; };
    return std::ranges::none_of(audio_receivers_, in_group) &&
           std::ranges::none_of(video_receivers_, in_group);
  });
  return {};
}

Result<void> MediaSession::PullAudio(uint32_t ssrc, Duration downstream, Timestamp now,
                                     std::span<float> out) {
  auto* in = Find(audio_receivers_, ssrc);
  if (!in) return std::unexpected(NoSuchStream(ssrc));
  if (out.size() < kAudioFrameSamples * AudioReceiver::kChannels) {
    return Fail(ErrorCode::kInvalidArgument, "no room for 10 ms of stereo");
  }
  (*in)->receiver.Pull(now, downstream, out.first(kAudioFrameSamples * AudioReceiver::kChannels));
  return {};
}

Result<void> MediaSession::RequestKeyframe(uint32_t ssrc) {
  auto* in = Find(video_receivers_, ssrc);
  if (!in) return std::unexpected(NoSuchStream(ssrc));
  (*in)->receiver.OnDecoderFailed();
  return {};
}

void MediaSession::SetPlayoutDelay(std::optional<Duration> min, std::optional<Duration> max) {
  min_delay_ = min;
  max_delay_ = max;
  for (auto& [ssrc, in] : audio_receivers_) {
    const AvSync* sync = Find(sync_groups_, in->sync_group);
    ApplyDelays(in->receiver, sync ? sync->audio_minimum_delay() : Duration::Zero());
  }
  for (auto& [ssrc, in] : video_receivers_) {
    const AvSync* sync = Find(sync_groups_, in->sync_group);
    ApplyDelays(in->receiver, sync ? sync->video_minimum_delay() : Duration::Zero());
  }
}

void MediaSession::ApplyDelays(AudioReceiver& audio, Duration sync_minimum) {
  audio.SetMinimumDelay(std::max(sync_minimum, min_delay_.value_or(Duration::Zero())));
  if (max_delay_) audio.SetMaximumDelay(*max_delay_);
}

void MediaSession::ApplyDelays(VideoReceiver& video, Duration sync_minimum) {
  video.timing().SetMinimumDelay(std::max(sync_minimum, min_delay_.value_or(Duration::Zero())));
  video.timing().SetMaximumDelay(max_delay_.value_or(video::PlayoutTiming::kMaxDelay));
}

void MediaSession::Synchronise(Timestamp now) {
  for (auto& [ssrc, audio] : audio_receivers_) {
    if (audio->sync_group == 0) continue;
    const auto video = std::ranges::find_if(video_receivers_, [&](const auto& in) {
      return in.second->sync_group == audio->sync_group;
    });
    if (video == video_receivers_.end()) continue;
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

const AudioSender* MediaSession::audio_sender(uint32_t ssrc) const {
  return Find(audio_senders_, ssrc);
}
const VideoSender* MediaSession::video_sender(uint32_t ssrc) const {
  return Find(video_senders_, ssrc);
}
const AudioReceiver* MediaSession::audio_receiver(uint32_t ssrc) const {
  const auto* in = Find(audio_receivers_, ssrc);
  return in ? &(*in)->receiver : nullptr;
}
const VideoReceiver* MediaSession::video_receiver(uint32_t ssrc) const {
  const auto* in = Find(video_receivers_, ssrc);
  return in ? &(*in)->receiver : nullptr;
}

}  // namespace ferry::session
