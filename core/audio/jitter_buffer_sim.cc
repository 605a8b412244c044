#include "core/audio/jitter_buffer_sim.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace ferry {

namespace {

OpusEncoder MakeEncoder(const JitterBufferSim::Options& options) {
  OpusEncoderConfig config =
      OpusEncoderConfig::ForChannels(options.encoder_channels, DataRate::KilobitsPerSec(32));
  config.complexity = 1;
  config.expected_loss_percent = options.fec_loss_percent;
  config.fec = options.fec_loss_percent > 0;
  return std::move(*OpusEncoder::Create(config));
}

JitterBufferConfig BufferConfig(const JitterBufferSim::Options& options) {
  JitterBufferConfig config = options.buffer;
  config.channels = options.channels;
  return config;
}

}  // namespace

JitterBufferSim::JitterBufferSim(const Options& options)
    : options_(options),
      buffer_(BufferConfig(options)),
      encoder_(MakeEncoder(options)),
      // Ten seconds that repeat without a step.
      signal_(options.tone ? MakeTone(480'000, 317, 0.5) : MakeVoice(480'000)),
      first_pull_(now_ + options.pull_phase),
      sequence_(options.first_sequence),
      timestamp_(options.first_timestamp) {}

void JitterBufferSim::Send(const Network& network) {
  const size_t start = static_cast<size_t>(sent_) * kOpusFrameSamples % signal_.size();
  const auto channels = static_cast<size_t>(options_.encoder_channels);
  std::vector<float> pcm(kOpusFrameSamples * channels);
  for (size_t i = 0; i < pcm.size(); ++i) pcm[i] = signal_[start + i / channels];
  std::array<uint8_t, kMaxOpusPacketBytes> bytes;
  const size_t size = encoder_.Encode(pcm, bytes).value();
  const std::optional<Duration> delay = network(sent_);
  const int error = options_.timestamp_error ? options_.timestamp_error(sent_) : 0;
  const uint32_t timestamp = timestamp_ + static_cast<uint32_t>(error);
  for (int copy = 0; delay && copy < (duplicate_ ? 2 : 1); ++copy) {
    in_flight_.push_back({send_time_ + *delay, sequence_, timestamp,
                          std::vector<uint8_t>(bytes.begin(), bytes.begin() + size)});
  }
  ++sent_;
  ++sequence_;
  timestamp_ += kOpusFrameSamples;
}

void JitterBufferSim::Run(int packets, const Network& network) {
  for (int i = 0; i < packets; ++i) {
    Send(network);
    send_time_ += Duration::Millis(20) * (1.0 - options_.sender_drift);
    PlayUntil(send_time_);
  }
}

void JitterBufferSim::Pause(Duration duration) {
  timestamp_ += static_cast<uint32_t>(duration.ms() * 48);
  send_time_ += duration;
  PlayUntil(send_time_);
}

void JitterBufferSim::RestartSender(uint16_t sequence, uint32_t timestamp) {
  sequence_ = sequence;
  timestamp_ = timestamp;
}

void JitterBufferSim::PlayUntil(Timestamp end) {
  for (;;) {
    Timestamp pull = first_pull_ + Duration::Millis(10) * pull_count_;
    if (pull_jitter_) pull += pull_jitter_(pull_count_);
    const auto next = std::min_element(
        in_flight_.begin(), in_flight_.end(),
        [](const InFlight& a, const InFlight& b) { return a.arrival < b.arrival; });
    if (next != in_flight_.end() && next->arrival <= pull && next->arrival < end) {
      now_ = std::max(now_, next->arrival);
      buffer_.InsertPacket({next->sequence, next->timestamp, next->payload}, next->arrival);
      in_flight_.erase(next);
      continue;
    }
    if (pull >= end) break;
    ++pull_count_;
    now_ = std::max(now_, pull);
    const size_t start = played_.size();
    played_.resize(start + kAudioFrameSamples * static_cast<size_t>(options_.channels));
    const AudioFrame frame = buffer_.GetAudio(pull, std::span(played_).subspan(start));
    pulls_.push_back({pull, frame, buffer_.CurrentDelay(), buffer_.TargetDelay()});
  }
  now_ = end;
}

Duration JitterBufferSim::MeanDelay(size_t pulls) const {
  Duration sum;
  for (size_t i = pulls_.size() - pulls; i < pulls_.size(); ++i) sum += pulls_[i].delay;
  return sum / static_cast<int64_t>(pulls);
}

double JitterBufferSim::ConcealedShare() const {
  return static_cast<double>(stats().concealed_samples) /
         static_cast<double>(std::max<uint64_t>(stats().total_samples, 1));
}

float JitterBufferSim::MaxStep(size_t first_pull) const {
  const auto channels = static_cast<size_t>(options_.channels);
  float step = 0;
  for (size_t i = first_pull * kAudioFrameSamples + 1; i < played_.size() / channels; ++i) {
    step = std::max(step, std::abs(played_[i * channels] - played_[(i - 1) * channels]));
  }
  return step;
}

}  // namespace ferry
