#include "core/audio/opus_encoder.h"

#include <opus.h>

#include <algorithm>
#include <string>
#include <utility>

namespace ferry {
namespace {

// What libopus takes (opus_encoder.c: 500 bit/s to 750 kbit/s a channel; below 6 kbit/s is noise).
constexpr int64_t kMinBitrateBps = 6'000;
constexpr int64_t kMaxBitrateBps = 510'000;

OpusEncoderConfig Clamped(OpusEncoderConfig config) {
  config.bitrate = DataRate::BitsPerSec(
      std::clamp<int64_t>(config.bitrate.bps(), kMinBitrateBps, kMaxBitrateBps));
  config.complexity = std::clamp(config.complexity, 0, 10);
  config.expected_loss_percent = std::clamp(config.expected_loss_percent, 0, 100);
  return config;
}

}  // namespace

OpusEncoderConfig OpusEncoderConfig::ForChannels(int channels, DataRate bitrate) {
  OpusEncoderConfig config;
  config.channels = channels;
  config.bitrate = bitrate;
  // Above 64 kbit/s a mono channel has room for music as it is, and the speech model only harms.
  constexpr int64_t kHighBitrateBps = 64'000;
  if (channels == 2 || bitrate.bps() > kHighBitrateBps) config.application = Application::kAudio;
  return config;
}

void OpusEncoder::Deleter::operator()(::OpusEncoder* encoder) const {
  opus_encoder_destroy(encoder);
}

OpusEncoder::OpusEncoder(std::unique_ptr<::OpusEncoder, Deleter> encoder,
                         const OpusEncoderConfig& config)
    : encoder_(std::move(encoder)), config_(config) {}
OpusEncoder::OpusEncoder(OpusEncoder&&) noexcept = default;
OpusEncoder& OpusEncoder::operator=(OpusEncoder&&) noexcept = default;
OpusEncoder::~OpusEncoder() = default;

Result<OpusEncoder> OpusEncoder::Create(const OpusEncoderConfig& requested) {
  if (requested.channels != 1 && requested.channels != 2) {
    return Fail(ErrorCode::kInvalidArgument,
                "Opus encodes 1 or 2 channels, not " + std::to_string(requested.channels));
  }
  const OpusEncoderConfig config = Clamped(requested);
  const int application = config.application == OpusEncoderConfig::Application::kVoip
                              ? OPUS_APPLICATION_VOIP
                              : OPUS_APPLICATION_AUDIO;
  int error = OPUS_OK;
  std::unique_ptr<::OpusEncoder, Deleter> encoder(
      opus_encoder_create(kOpusSampleRate, config.channels, application, &error));
  if (!encoder) {
    return Fail(ErrorCode::kCodec,
                std::string("cannot make an Opus encoder: ") + opus_strerror(error));
  }
  OpusEncoder result(std::move(encoder), config);
  result.SetBitrate(config.bitrate);
  result.SetComplexity(config.complexity);
  result.SetExpectedLossPercent(config.expected_loss_percent);
  result.SetFec(config.fec);
  result.SetDtx(config.dtx);
  return result;
}

Result<size_t> OpusEncoder::Encode(std::span<const float> pcm, MutableByteSpan out) {
  const size_t expected = static_cast<size_t>(kOpusFrameSamples) * config_.channels;
  if (pcm.size() != expected) {
    return Fail(ErrorCode::kInvalidArgument, "an Opus frame takes " + std::to_string(expected) +
                                                 " samples, not " + std::to_string(pcm.size()));
  }
  const size_t room = std::min(out.size(), kMaxOpusPacketBytes);
  const opus_int32 bytes = opus_encode_float(encoder_.get(), pcm.data(), kOpusFrameSamples,
                                             out.data(), static_cast<opus_int32>(room));
  if (bytes < 0) {
    return Fail(ErrorCode::kCodec, std::string("Opus cannot encode: ") + opus_strerror(bytes));
  }
  return static_cast<size_t>(bytes);
}

// The setters below cannot fail: their values are within what libopus documents.

void OpusEncoder::SetBitrate(DataRate bitrate) {
  config_.bitrate = bitrate;
  config_ = Clamped(config_);
  opus_encoder_ctl(encoder_.get(),
                   OPUS_SET_BITRATE(static_cast<opus_int32>(config_.bitrate.bps())));
}

void OpusEncoder::SetExpectedLossPercent(int percent) {
  config_.expected_loss_percent = percent;
  config_ = Clamped(config_);
  opus_encoder_ctl(encoder_.get(), OPUS_SET_PACKET_LOSS_PERC(config_.expected_loss_percent));
}

void OpusEncoder::SetComplexity(int complexity) {
  config_.complexity = complexity;
  config_ = Clamped(config_);
  opus_encoder_ctl(encoder_.get(), OPUS_SET_COMPLEXITY(config_.complexity));
}

void OpusEncoder::SetFec(bool enabled) {
  config_.fec = enabled;
  opus_encoder_ctl(encoder_.get(), OPUS_SET_INBAND_FEC(enabled ? 1 : 0));
}

void OpusEncoder::SetDtx(bool enabled) {
  config_.dtx = enabled;
  opus_encoder_ctl(encoder_.get(), OPUS_SET_DTX(enabled ? 1 : 0));
}

}  // namespace ferry
