// Opus encoder (RFC 6716), 48 kHz float in, packets of 20 ms out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/units.h"

struct OpusEncoder;  // libopus's

namespace ferry {

// RTP clock and sample rate of Opus, whatever the bandwidth coded (RFC 7587 §4.1).
inline constexpr int kOpusSampleRate = 48'000;
// Samples per channel of the packets we make: 20 ms.
inline constexpr int kOpusFrameSamples = 960;
// The longest an Opus frame can be (RFC 6716 §3.4, R2), and so the longest packet of one frame.
inline constexpr size_t kMaxOpusPacketBytes = 1275;

// Time and samples per channel, at Opus's clock.
constexpr Duration OpusDuration(int64_t samples) {
  return Duration::Micros(samples * 1'000'000 / kOpusSampleRate);
}
constexpr int64_t OpusSamples(Duration duration) {
  return duration.us() * kOpusSampleRate / 1'000'000;
}

struct OpusEncoderConfig {
  // What the coder is tuned for: speech (with the speech model and its in-band FEC) or any sound.
  enum class Application { kVoip, kAudio };

  int channels = 1;  // 1 or 2
  DataRate bitrate = DataRate::KilobitsPerSec(40);
  int complexity = 5;  // 0..10
  Application application = Application::kVoip;
  bool fec = true;                // in-band FEC; carried only by frames of the speech model
  int expected_loss_percent = 5;  // 0..100; how much of the bitrate FEC may take
  bool dtx = false;

  // What calls use: speech for mono, faithful sound for stereo.
  static OpusEncoderConfig ForChannels(int channels, DataRate bitrate);
};

class OpusEncoder {
 public:
  static Result<OpusEncoder> Create(const OpusEncoderConfig& config);
  OpusEncoder(OpusEncoder&&) noexcept;
  OpusEncoder& operator=(OpusEncoder&&) noexcept;
  ~OpusEncoder();

  // Encodes 20 ms: kOpusFrameSamples × channels floats in [-1, 1], interleaved. Returns the bytes
  // written to `out`, at most kMaxOpusPacketBytes. With DTX on, a packet of 2 bytes or fewer need
  // not be sent (the RTP timestamp advances all the same).
  Result<size_t> Encode(std::span<const float> pcm, MutableByteSpan out);

  // Setters take values out of range as the nearest possible.
  void SetBitrate(DataRate bitrate);
  void SetExpectedLossPercent(int percent);
  void SetComplexity(int complexity);
  void SetFec(bool enabled);
  void SetDtx(bool enabled);

  const OpusEncoderConfig& config() const { return config_; }

 private:
  struct Deleter {
    void operator()(::OpusEncoder* encoder) const;
  };
  OpusEncoder(std::unique_ptr<::OpusEncoder, Deleter> encoder, const OpusEncoderConfig& config);

  std::unique_ptr<::OpusEncoder, Deleter> encoder_;
  OpusEncoderConfig config_;
};

}  // namespace ferry
