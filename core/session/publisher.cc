#include "core/session/publisher.h"

#include <algorithm>
#include <utility>

#include "core/session/stream_limits.h"
#include "core/video/playout_timing.h"

namespace ferry::session {
namespace {

// What sound takes, packets' headers included.
constexpr DataRate kSoundWithHeaders = DataRate::KilobitsPerSec(64);

template <typename Map>
auto* FindIn(Map& map, uint32_t ssrc) {
  const auto it = map.find(ssrc);
  return it == map.end() ? nullptr : &it->second;
}

}  // namespace

Publisher::Publisher(uint64_t seed, OutputQueue& outputs)
    : random_(seed), outputs_(outputs), video_timestamp_offset_(static_cast<uint32_t>(random_())) {}

RtpSenderConfig Publisher::NewSource(uint32_t ssrc, uint8_t payload_type, int clock_rate_hz) {
  return {.ssrc = ssrc,
          .payload_type = payload_type,
          .clock_rate_hz = clock_rate_hz,
          // In the lower half, so that the first packets lost are not taken for a wrap.
          .first_sequence = static_cast<uint16_t>(random_() & 0x7FFF),
          .timestamp_offset = static_cast<uint32_t>(random_())};
}

Result<void> Publisher::AddAudio(uint32_t ssrc, int channels, DataRate bitrate) {
  if (audio_.size() >= kMaxStreams) return TooManyStreams();
  auto sender = AudioSender::Create({.rtp = NewSource(ssrc, rtp::kOpusPayloadType, kOpusSampleRate),
                                     .channels = channels,
                                     .bitrate = bitrate});
  if (!sender) return std::unexpected(sender.error());
  audio_.emplace(ssrc, std::move(*sender));
  return {};
}

Result<void> Publisher::AddVideo(uint32_t ssrc) {
  if (video_.size() >= kMaxStreams) return TooManyStreams();
  RtpSenderConfig source =
      NewSource(ssrc, rtp::kVp8PayloadType, video::PlayoutTiming::kClockRateHz);
  source.timestamp_offset = video_timestamp_offset_;
  video_.try_emplace(ssrc, source, static_cast<uint16_t>(random_()));
  return {};
}

Result<void> Publisher::Remove(uint32_t ssrc) {
  if (audio_.erase(ssrc) + video_.erase(ssrc) == 0) return NoSuchStream(ssrc);
  outputs_.PushRtcp(rtp::Bye{.ssrcs = {ssrc}});
  return {};
}

template <typename Push>
Result<void> Publisher::SendAudio(uint32_t ssrc, Timestamp now, const Push& push) {
  AudioSender* sender = FindIn(audio_, ssrc);
  if (!sender) return NoSuchStream(ssrc);
  const bool first = !sender->rtp().sent_any();
  made_.clear();
  const Result<void> pushed = push(*sender);
  for (rtp::RtpPacket& packet : made_) SendNow(std::move(packet), now);
  if (first && !made_.empty()) outputs_.PushRtcp(sender->rtp().BuildSenderReport(now));
  return pushed;
}

Result<void> Publisher::PushAudio(uint32_t ssrc, std::span<const float> pcm, Timestamp capture_time,
                                  Timestamp now) {
  return SendAudio(ssrc, now,
                   [&](AudioSender& sender) { return sender.Push(pcm, capture_time, now, made_); });
}

Result<void> Publisher::PushOpus(uint32_t ssrc, ByteSpan packet, std::span<const float> decoded,
                                 Timestamp capture_time, Timestamp now) {
  return SendAudio(ssrc, now, [&](AudioSender& sender) {
    return sender.PushEncoded(packet, decoded, capture_time, now, made_);
  });
}

Result<void> Publisher::SetAudioMuted(uint32_t ssrc, bool muted) {
  AudioSender* sender = FindIn(audio_, ssrc);
  if (!sender) return NoSuchStream(ssrc);
  sender->SetMuted(muted);
  return {};
}

Result<void> Publisher::SendFrame(uint32_t ssrc, ByteSpan frame, bool keyframe,
                                  Timestamp capture_time, Timestamp now,
                                  std::optional<uint8_t> temporal_id) {
  VideoSender* sender = FindIn(video_, ssrc);
  if (!sender) return NoSuchStream(ssrc);
  const bool first = !sender->rtp().sent_any();
  made_.clear();
  const auto sent = sender->Send(frame, keyframe, temporal_id, capture_time, now, made_);
  for (rtp::RtpPacket& packet : made_) sender_.Queue(std::move(packet), now);
  if (first && !made_.empty()) outputs_.PushRtcp(sender->rtp().BuildSenderReport(now));
  return sent;
}

void Publisher::SendNow(rtp::RtpPacket packet, Timestamp now) {
  sender_.SendNow(packet, now);
  outputs_.Push(SendPacket{.kind = PacketKind::kAudio, .bytes = std::move(packet.bytes)});
  while (auto repair = sender_.NextRepair(rtp::MediaKind::kAudio, now)) {
    outputs_.Push(SendPacket{.kind = PacketKind::kAudio, .bytes = std::move(repair->bytes)});
  }
}

DataRate Publisher::media_target() const {
  const fec::Protection& protection = sender_.protection();
  const DataRate repairs_sound = audio_.empty() ? DataRate() : kSoundWithHeaders * protection.audio;
  const int64_t left = control().target().bps() - repairs_sound.bps();
  return DataRate::BitsPerSec(std::max<int64_t>(left, 0)) * (1 / (1 + protection.video));
}

void Publisher::SetWantedRate(DataRate wanted) {
  wanted_ = wanted;
  control().SetWantedRate(wanted_ * (1 + sender_.protection().video));
}

// --- What receivers tell

void Publisher::OnReportBlock(const rtp::ReportBlock& block, Timestamp now) {
  RtpSender* sender = Find(block.ssrc);
  if (!sender) return;
  sender->OnReportBlock(block, now);
  if (sender->stats().round_trip) round_trip_ = sender->stats().round_trip;
  if (AudioSender* audio = FindIn(audio_, block.ssrc)) {
    // Copies in the sound itself would take from its quality what repair packets do better.
    const bool repaired = sender_.protection().audio > 0;
    audio->SetExpectedLoss(repaired ? 0 : sender->stats().fraction_lost);
  }
}

void Publisher::OnNack(const rtp::Nack& nack, Timestamp now) {
  RtpSender* sender = Find(nack.media_ssrc);
  if (!sender) return;
  const bool audio = audio_.contains(nack.media_ssrc);
  const Duration round_trip = control().round_trip();
  for (const uint16_t sequence_number : nack.sequence_numbers) {
    // What is too much now will be asked for again.
    if (!audio && !sender_.MayResend(now)) return;
    auto packet = sender->Resend(sequence_number, round_trip, now);
    if (!packet) continue;
    if (audio) {
      SendNow(std::move(*packet), now);
    } else {
      sender_.Queue(std::move(*packet), now);
    }
  }
}

void Publisher::OnPictureLoss(const rtp::PictureLossIndication& loss) {
  if (video_.contains(loss.media_ssrc)) outputs_.Push(EncodeKeyframe{loss.media_ssrc});
}

// --- Time

void Publisher::RunTimers(Timestamp now) {
  if (!next_report_) {
    if (!audio_.empty() || !video_.empty()) next_report_ = now + kReportInterval;
    return;
  }
  if (now < *next_report_) return;
  next_report_ = now + kReportInterval;
  const auto report = [&](const RtpSender& sender) {
    if (sender.sent_any()) outputs_.PushRtcp(sender.BuildSenderReport(now));
  };
  for (const auto& [ssrc, sender] : audio_) report(sender.rtp());
  for (const auto& [ssrc, sender] : video_) report(sender.rtp());
}

Timestamp Publisher::NextWakeup() const {
  return std::min(sender_.NextSendTime(), next_report_.value_or(Timestamp::Infinite()));
}

// --- What others see

RtpSender* Publisher::Find(uint32_t ssrc) {
  if (AudioSender* sender = FindIn(audio_, ssrc)) return &sender->rtp();
  if (VideoSender* sender = FindIn(video_, ssrc)) return &sender->rtp();
  return nullptr;
}
const AudioSender* Publisher::audio(uint32_t ssrc) const { return FindIn(audio_, ssrc); }
const VideoSender* Publisher::video(uint32_t ssrc) const { return FindIn(video_, ssrc); }

}  // namespace ferry::session
