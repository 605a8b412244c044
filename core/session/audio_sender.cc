#include "core/session/audio_sender.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/rtp/ntp_time.h"

namespace ferry::session {
namespace {
constexpr Duration kPacketDuration = Duration::Millis(20);
}  // namespace

Result<AudioSender> AudioSender::Create(const AudioSenderConfig& config) {
  auto encoder =
      OpusEncoder::Create(OpusEncoderConfig::ForChannels(config.channels, config.bitrate));
  if (!encoder) return std::unexpected(encoder.error());
  return AudioSender(config, std::move(*encoder));
}

AudioSender::AudioSender(const AudioSenderConfig& config, OpusEncoder encoder)
    : channels_(config.channels), rtp_(config.rtp), encoder_(std::move(encoder)) {
  pending_.reserve(static_cast<size_t>(kOpusFrameSamples * channels_));
}

Result<void> AudioSender::Push(std::span<const float> pcm, Timestamp capture_time, Timestamp now,
                               std::vector<rtp::RtpPacket>& out) {
  const size_t channels = static_cast<size_t>(channels_);
  if (pcm.size() % channels != 0) {
    return Fail(ErrorCode::kInvalidArgument, "samples are not whole for all channels");
  }
  const auto duration_of = [&](size_t floats) {
    return Duration::Micros(static_cast<int64_t>(floats / channels) * 1'000'000 / kOpusSampleRate);
  };
  if (!Continues(capture_time, duration_of(pending_.size()))) pending_.clear();
  const size_t packet_size = kOpusFrameSamples * channels;
  while (!pcm.empty()) {
    const size_t take = std::min(packet_size - pending_.size(), pcm.size());
    pending_.insert(pending_.end(), pcm.begin(), pcm.begin() + static_cast<std::ptrdiff_t>(take));
    pcm = pcm.subspan(take);
    if (pending_.size() < packet_size) break;
    const auto made = EncodePacket(now, out);
    pending_.clear();
    Advance();
    if (!made) return made;
  }
  return {};
}

// The capture clock is jittery, the samples are not: time runs by samples until both differ too
// much to be jitter.
bool AudioSender::Continues(Timestamp capture_time, Duration waiting) {
  const Duration gap = capture_time - (capture_time_ + waiting);
  if (started_ && gap <= kMaxCaptureGap && -gap <= kMaxCaptureGap) {
    // The two clocks drift apart; follow slowly.
    capture_time_ += Duration::Micros(gap.us() / 64);
    rtp_.SetClock(timestamp_, capture_time_);
    return true;
  }
  // By the clock as it ran until then. Never back, which would be another sound in the same place.
  const uint32_t there = rtp_.TimestampFor(capture_time);
  if (!started_ || static_cast<int32_t>(there - timestamp_) > 0) timestamp_ = there;
  capture_time_ = capture_time;
  started_ = true;
  rtp_.SetClock(timestamp_, capture_time_);
  return false;
}

void AudioSender::Advance() {
  timestamp_ += kOpusFrameSamples;
  capture_time_ += kPacketDuration;
}

Result<void> AudioSender::EncodePacket(Timestamp now, std::vector<rtp::RtpPacket>& out) {
  if (muted_) {
    std::ranges::fill(pending_, 0.0f);
    // The first packet after the mute lets the receiver fade out.
    if (muted_packets_++ % kMutedIntervalPackets != 0) return {};
  }
  std::array<uint8_t, kMaxOpusPacketBytes> payload;
  const auto extensions = NextExtensions(pending_);
  const size_t room = std::min(payload.size(), RtpSender::MaxPayload(extensions));
  const auto size = encoder_.Encode(pending_, MutableByteSpan(payload).first(room));
  if (!size) return std::unexpected(size.error());
  out.push_back(MakePacket(ByteSpan(payload).first(*size), extensions, now));
  return {};
}

Result<void> AudioSender::PushEncoded(ByteSpan packet, std::span<const float> decoded,
                                      Timestamp capture_time, Timestamp now,
                                      std::vector<rtp::RtpPacket>& out) {
  if (packet.size() > MaxEncodedPacket()) {
    return Fail(ErrorCode::kLimitExceeded, "an Opus packet is larger than an RTP packet takes");
  }
  Continues(capture_time, Duration::Zero());
  if (!muted_) out.push_back(MakePacket(packet, NextExtensions(decoded), now));
  Advance();
  return {};
}

size_t AudioSender::MaxEncodedPacket() {
  return RtpSender::MaxPayload({.audio_level = AudioLevel{}, .absolute_capture_time = 0});
}

rtp::RtpExtensions AudioSender::NextExtensions(std::span<const float> pcm) {
  rtp::RtpExtensions extensions;
  extensions.audio_level = meter_.Analyze(pcm);
  if (muted_ || packets_made_ % kCaptureTimeInterval == 0) {
    extensions.absolute_capture_time = rtp::ToNtp(capture_time_);
  }
  ++packets_made_;
  return extensions;
}

rtp::RtpPacket AudioSender::MakePacket(ByteSpan payload, const rtp::RtpExtensions& extensions,
                                       Timestamp now) {
  return rtp_.MakePacket({.payload = payload,
                          .timestamp = timestamp_,
                          // RFC 3551 §4.1: the first packet after silence.
                          .marker = std::exchange(sound_begins_, false),
                          .extensions = extensions},
                         now);
}

void AudioSender::SetMuted(bool muted) {
  if (muted && !muted_) muted_packets_ = 0;
  if (!muted && muted_) sound_begins_ = true;
  muted_ = muted;
}

void AudioSender::SetExpectedLoss(double fraction) {
  // Losses come in bursts: a second without one says little.
  expected_loss_ = std::max(std::clamp(fraction, 0.0, 1.0), expected_loss_ * kLossMemory);
  if (expected_loss_ < kLeastLoss) expected_loss_ = 0;
  // Told of less, the encoder hardly makes copies that are worth listening to.
  const double told = expected_loss_ == 0 ? 0 : std::max(expected_loss_, kLeastToldLoss);
  encoder_.SetExpectedLossPercent(static_cast<int>(told * 100 + 0.5));
}

}  // namespace ferry::session
