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
  // The capture clock is jittery, the samples are not: time runs by samples until both differ too
  // much to be jitter.
  const Timestamp expected = pending_capture_time_ + duration_of(pending_.size());
  const Duration gap = capture_time - expected;
  if (!started_ || gap > kMaxCaptureGap || -gap > kMaxCaptureGap) {
    pending_.clear();
    pending_capture_time_ = capture_time;
    started_ = true;
  } else {
    // The two clocks drift apart; follow slowly.
    pending_capture_time_ += Duration::Micros(gap.us() / 64);
  }
  const size_t packet_size = kOpusFrameSamples * channels;
  while (!pcm.empty()) {
    const size_t take = std::min(packet_size - pending_.size(), pcm.size());
    pending_.insert(pending_.end(), pcm.begin(), pcm.begin() + static_cast<std::ptrdiff_t>(take));
    pcm = pcm.subspan(take);
    if (pending_.size() < packet_size) break;
    if (auto made = EncodePacket(now, out); !made) return made;
    pending_.clear();
    pending_capture_time_ += kPacketDuration;
  }
  return {};
}

Result<void> AudioSender::EncodePacket(Timestamp now, std::vector<rtp::RtpPacket>& out) {
  if (muted_) {
    std::ranges::fill(pending_, 0.0f);
    // The first packet after the mute lets the receiver fade out.
    if (muted_packets_++ % kMutedIntervalPackets != 0) return {};
  }
  std::array<uint8_t, kMaxOpusPacketBytes> payload;
  const auto extensions = NextExtensions(pending_, pending_capture_time_);
  const size_t room = std::min(payload.size(), RtpSender::MaxPayload(extensions));
  const auto size = encoder_.Encode(pending_, MutableByteSpan(payload).first(room));
  if (!size) return std::unexpected(size.error());
  out.push_back(MakePacket(ByteSpan(payload).first(*size), extensions, pending_capture_time_, now));
  return {};
}

Result<void> AudioSender::PushEncoded(ByteSpan packet, std::span<const float> decoded,
                                      Timestamp capture_time, Timestamp now,
                                      std::vector<rtp::RtpPacket>& out) {
  if (packet.size() > MaxEncodedPacket()) {
    return Fail(ErrorCode::kLimitExceeded, "an Opus packet is larger than an RTP packet takes");
  }
  if (muted_) return {};
  out.push_back(MakePacket(packet, NextExtensions(decoded, capture_time), capture_time, now));
  return {};
}

size_t AudioSender::MaxEncodedPacket() {
  return RtpSender::MaxPayload({.audio_level = AudioLevel{}, .absolute_capture_time = 0});
}

rtp::RtpExtensions AudioSender::NextExtensions(std::span<const float> pcm, Timestamp capture_time) {
  rtp::RtpExtensions extensions;
  extensions.audio_level = meter_.Analyze(pcm);
  if (muted_ || packets_made_ % kCaptureTimeInterval == 0) {
    extensions.absolute_capture_time = rtp::ToNtp(capture_time);
  }
  ++packets_made_;
  return extensions;
}

rtp::RtpPacket AudioSender::MakePacket(ByteSpan payload, const rtp::RtpExtensions& extensions,
                                       Timestamp capture_time, Timestamp now) {
  return rtp_.MakePacket({.payload = payload,
                          .timestamp = rtp_.TimestampFor(capture_time),
                          // RFC 3551 §4.1: the first packet after silence.
                          .marker = packets_made_ == 1,
                          .extensions = extensions},
                         now);
}

void AudioSender::SetMuted(bool muted) {
  if (muted && !muted_) muted_packets_ = 0;
  muted_ = muted;
}

void AudioSender::SetExpectedLoss(double fraction) {
  encoder_.SetExpectedLossPercent(static_cast<int>(std::clamp(fraction, 0.0, 1.0) * 100 + 0.5));
}

}  // namespace ferry::session
