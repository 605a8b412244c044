#include "core/audio/jitter_buffer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/audio/jitter_buffer_impl.h"

namespace ferry {
namespace {

// More than a datagram holds; what is longer is not audio.
constexpr size_t kMaxPayloadBytes = 1500;
constexpr size_t kMaxPacketsLimit = 1000;
constexpr Duration kDelayLimit = Duration::Seconds(10);
// With less in hand, one slow call of the playout thread is heard.
constexpr Duration kLeastTarget = Duration::Millis(10);
// Repair packets follow the sound that they protect within this (core/fec/fec_sender.h).
constexpr Duration kMostForRepair = Duration::Millis(130);

}  // namespace

JitterBuffer::Impl::Impl(const JitterBufferConfig& config)
    : channels_(static_cast<size_t>(std::clamp(config.channels, 1, 2))),
      packets_(std::clamp<size_t>(config.max_packets, 4, kMaxPacketsLimit)),
      playout_(static_cast<int>(channels_)),
      scratch_(kMaxOpusPacketSamples * channels_) {
  SetBounds(config.min_delay, config.max_delay);
  auto decoder = OpusDecoder::Create(static_cast<int>(channels_));
  if (decoder) decoder_ = std::move(*decoder);
}

void JitterBuffer::Impl::SetBounds(Duration min_delay, Duration max_delay) {
  min_delay_ = std::clamp(min_delay, Duration::Zero(), kDelayLimit);
  max_delay_ = std::clamp(max_delay, kLeastTarget, kDelayLimit);
}

Duration JitterBuffer::Impl::Buffered() const {
  return OpusDuration(packets_.samples() + static_cast<int64_t>(playout_.size()));
}

void JitterBuffer::Impl::Insert(const AudioPacket& packet, Timestamp arrival) {
  ++stats_.packets_received;
  Result<OpusPacketInfo> info = std::unexpected(Error{});
  if (packet.payload.size() <= kMaxPayloadBytes) info = ParseOpusPacket(packet.payload);
  if (!info) {
    ++stats_.packets_discarded;
    return;
  }
  const StreamTracker::Position position =
      tracker_.OnPacket(packet.sequence_number, packet.rtp_timestamp, arrival);
  switch (position.verdict) {
    case StreamTracker::Verdict::kStray:
      ++stats_.packets_discarded;
      return;
    case StreamTracker::Verdict::kDuplicate:
      ++stats_.packets_duplicate;
      return;
    case StreamTracker::Verdict::kRestart:
      StartNewLife(position.timestamp);
      break;
    case StreamTracker::Verdict::kAccept:
      break;
  }
  // What comes after its followers was repaired or sent again, on this hop or before: its lateness
  // is not the network's, and worth waiting for only so long.
  if (packet.recovered || position.overtaken) {
    estimator_.OnPacket(arrival, position.timestamp, kMostForRepair);
  } else {
    estimator_.OnPacket(arrival, position.timestamp);
  }
  fec_policy_.OnPacket(info->has_fec);
  packet_samples_ = info->samples;
  if (started_ && position.timestamp + info->samples <= next_timestamp_) {
    ++stats_.packets_late;
    return;
  }
  BufferedPacket stored{position.sequence_number,
                        position.timestamp,
                        info->samples,
                        info->has_fec,
                        arrival,
                        {packet.payload.begin(), packet.payload.end()}};
  switch (packets_.Insert(std::move(stored))) {
    case PacketBuffer::InsertResult::kDuplicate:
      ++stats_.packets_duplicate;
      break;
    case PacketBuffer::InsertResult::kInsertedDroppedOldest:
      ++stats_.packets_discarded;
      break;
    case PacketBuffer::InsertResult::kInserted:
      break;
  }
}

// What is being played is concealed onwards until the new life is due.
void JitterBuffer::Impl::StartNewLife(int64_t timestamp) {
  ++stats_.restarts;
  stats_.packets_discarded += packets_.size();
  packets_.Clear();
  estimator_.Reset();
  reset_decoder_ = true;
  discontinuity_ = true;
  wait_for_target_ = true;
  next_timestamp_ = timestamp;
}

Duration JitterBuffer::Impl::Target() const {
  Duration target = estimator_.Target() + pull_clock_.earliness();
  // The copy of a lost packet comes one packet later.
  if (fec_policy_.waits_for_copies()) target += OpusDuration(packet_samples_) + kTooLittle;
  target = std::max({target, kLeastTarget, min_delay_});
  // No more than there is room for, with some left for packets that come in a bunch.
  const Duration room =
      OpusDuration(static_cast<int64_t>(packets_.max_packets()) * packet_samples_) * 0.75;
  return std::max(std::min({target, max_delay_, room}), kLeastTarget);
}

Duration JitterBuffer::Impl::DelayIfPlayedNext(int64_t timestamp) const {
  const std::optional<Timestamp> earliest = estimator_.EarliestArrival(timestamp);
  if (!earliest) return Duration::Zero();
  return pull_clock_.now() + OpusDuration(static_cast<int64_t>(playout_.size())) - *earliest;
}

Duration JitterBuffer::Impl::ExcessIfPlayedNext(int64_t timestamp) const {
  // A packet is needed when less than a pull is left, so before its first sample is played.
  const auto lead = static_cast<int64_t>(playout_.size() % kAudioFrameSamples);
  return DelayIfPlayedNext(timestamp) - OpusDuration(lead) - Target();
}

JitterBuffer::JitterBuffer(const JitterBufferConfig& config)
    : impl_(std::make_unique<Impl>(config)) {}
JitterBuffer::~JitterBuffer() = default;

void JitterBuffer::InsertPacket(const AudioPacket& packet, Timestamp arrival) {
  impl_->Insert(packet, arrival);
}
AudioFrame JitterBuffer::GetAudio(Timestamp now, std::span<float> out) {
  return impl_->Get(now, out);
}
void JitterBuffer::SetMinimumDelay(Duration delay) { impl_->SetBounds(delay, impl_->max_delay()); }
void JitterBuffer::SetMaximumDelay(Duration delay) { impl_->SetBounds(impl_->min_delay(), delay); }
Duration JitterBuffer::TargetDelay() const { return impl_->Target(); }
Duration JitterBuffer::CurrentDelay() const { return impl_->CurrentDelay(); }
Duration JitterBuffer::BufferedDuration() const { return impl_->Buffered(); }
const JitterBufferStats& JitterBuffer::stats() const { return impl_->stats(); }

}  // namespace ferry
