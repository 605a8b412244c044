#include "core/audio/jitter_buffer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/audio/delay_estimator.h"
#include "core/audio/opus_decoder.h"
#include "core/audio/opus_encoder.h"
#include "core/audio/packet_buffer.h"
#include "core/audio/playout_buffer.h"
#include "core/audio/pull_clock.h"
#include "core/audio/stream_tracker.h"
#include "core/audio/time_stretcher.h"

namespace ferry {
namespace {

// More than a datagram holds; what is longer is not audio.
constexpr size_t kMaxPayloadBytes = 1500;
constexpr size_t kMaxPacketsLimit = 1000;
constexpr Duration kDelayLimit = Duration::Seconds(10);

// With less in hand, one slow call of the playout thread is heard.
constexpr Duration kLeastTarget = Duration::Millis(10);
// Stretching starts this far from the target: above, and (a lack is worse than too much) below.
constexpr Duration kTooMuch = Duration::Millis(12);
constexpr Duration kTooLittle = Duration::Millis(2);
// Further above, it hurries: more often, with longer pieces and less choosy.
constexpr Duration kHurry = Duration::Millis(100);
// Pulls between two stretches.
constexpr int kStretchPause = 5;
constexpr int kHurriedStretchPause = 2;
// What is later than this is skipped, not played faster: the talk has moved on.
constexpr Duration kMaxExcess = Duration::Seconds(1);
// Behind schedule by this much, a gap is closed early and an overlap is cut.
constexpr Duration kBehind = Duration::Millis(15);

// Concealment fades from here to there (samples), and after the last counts as silence.
constexpr int64_t kFadeStart = 120 * 48;
constexpr int64_t kFadeEnd = 200 * 48;
constexpr int64_t kIdleAfter = 1000 * 48;
// The codec's own joint is good for as long as its concealment resembles the sound.
constexpr int64_t kSeamlessConcealment = 60 * 48;

// Losses that make it worth waiting for the next packet, which carries the copy; as a share.
constexpr float kFecWorthLoss = 0.006f;
constexpr float kFecNotWorthLoss = 0.002f;
// Pauses of speech carry no copies; a stream without any for this long (packets) has none.
constexpr int kFecMemory = 250;
constexpr float kLossForget = 0.995f;

Duration SamplesToDuration(int64_t samples) { return Duration::Micros(samples * 1000 / 48); }
int64_t DurationToSamples(Duration duration) { return duration.us() * 48 / 1000; }

}  // namespace

class JitterBuffer::Impl {
 public:
  explicit Impl(const JitterBufferConfig& config)
      : channels_(static_cast<size_t>(std::clamp(config.channels, 1, 2))),
        packets_(std::clamp<size_t>(config.max_packets, 2, kMaxPacketsLimit)),
        playout_(static_cast<int>(channels_)),
        scratch_(kMaxOpusPacketSamples * channels_) {
    SetBounds(config.min_delay, config.max_delay);
    auto decoder = OpusDecoder::Create(static_cast<int>(channels_));
    if (decoder) decoder_ = std::move(*decoder);
  }

  void Insert(const AudioPacket& packet, Timestamp arrival);
  AudioFrame Get(Timestamp now, std::span<float> out);

  void SetBounds(Duration min_delay, Duration max_delay) {
    min_delay_ = std::clamp(min_delay, Duration::Zero(), kDelayLimit);
    max_delay_ = std::clamp(max_delay, kLeastTarget, kDelayLimit);
  }
  Duration min_delay() const { return min_delay_; }
  Duration max_delay() const { return max_delay_; }
  Duration Target() const;
  Duration CurrentDelay() const { return current_delay_; }
  Duration Buffered() const {
    return SamplesToDuration(packets_.samples() + static_cast<int64_t>(playout_.size()));
  }
  const JitterBufferStats& stats() const { return stats_; }

 private:
  // Nothing is played until the first packet is due, nor after a long pause until the next is.
  bool idle() const { return !started_ || concealed_ >= kIdleAfter; }

  Duration DelayIfPlayedNext(int64_t timestamp) const;
  Duration Lead() const;
  Duration ExcessIfPlayedNext(int64_t timestamp) const;
  bool IsDue(const BufferedPacket& packet) const;
  bool CanUseFec(const BufferedPacket& packet) const;
  void Advance();
  void DropPast();
  void SkipExcess();
  void DecodeFront();
  void DecodeFecOf(const BufferedPacket& packet);
  void ConcealFrame();
  void AppendDecoded(size_t samples, int64_t skip, bool seamless);
  void NoteLost(bool lost);
  void NoteMissingBefore(int64_t sequence);
  void AdaptLength();
  void DecodeAhead(size_t samples);
  int64_t FrontTimestamp() const {
    return next_timestamp_ + concealed_ - static_cast<int64_t>(playout_.size());
  }

  size_t channels_;
  Duration min_delay_;
  Duration max_delay_;

  StreamTracker tracker_;
  DelayEstimator estimator_;
  PullClock pull_clock_;
  PacketBuffer packets_;
  std::optional<OpusDecoder> decoder_;  // none only when memory ran out
  PlayoutBuffer playout_;
  std::vector<float> scratch_;  // what the decoder writes

  bool started_ = false;
  bool reset_decoder_ = false;         // the next packet is of another life of the sender
  bool discontinuity_ = false;         // the next packet does not follow what was decoded last
  bool wait_for_target_ = false;       // the next packet starts anew with the target's delay
  int64_t next_timestamp_ = 0;         // of the sample after the last decoded one
  int64_t last_sequence_ = 0;          // of the packet decoded last
  int64_t concealed_ = 0;              // samples concealed since
  bool concealing_known_gap_ = false;  // what is concealed lies before a packet that is here
  float loss_ = 0;                     // share of packets lost of late
  int fec_seen_ = 0;                   // packets until we give up expecting copies
  bool wait_for_fec_ = false;          // the delay has room for the packet after a lost one
  int last_packet_samples_ = kOpusFrameSamples;

  AudioFrameKind kind_ = AudioFrameKind::kSilence;
  bool muted_ = true;
  int stretch_pause_ = 0;
  Duration current_delay_;
  JitterBufferStats stats_;
};

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
      ++stats_.restarts;
      stats_.packets_discarded += packets_.size();
      packets_.Clear();
      estimator_.Reset();
      reset_decoder_ = discontinuity_ = true;
      // What is being played is concealed onwards until the new life is due.
      wait_for_target_ = true;
      next_timestamp_ = position.timestamp;
      break;
    case StreamTracker::Verdict::kAccept:
      break;
  }
  if (!packet.recovered) estimator_.OnPacket(arrival, position.timestamp);
  fec_seen_ = info->has_fec ? kFecMemory : std::max(fec_seen_ - 1, 0);
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

Duration JitterBuffer::Impl::Target() const {
  Duration target = estimator_.Target() + pull_clock_.earliness();
  // The copy of a lost packet comes one packet later.
  if (wait_for_fec_) {
    target += SamplesToDuration(last_packet_samples_) + kTooLittle;
  }
  target = std::max({target, kLeastTarget, min_delay_});
  return std::min(target, max_delay_);
}

// The delay that results when `timestamp` is what follows everything already decoded.
Duration JitterBuffer::Impl::DelayIfPlayedNext(int64_t timestamp) const {
  const std::optional<Timestamp> earliest = estimator_.EarliestArrival(timestamp);
  if (!earliest) return Duration::Zero();
  return pull_clock_.now() + SamplesToDuration(static_cast<int64_t>(playout_.size())) - *earliest;
}

// A packet is needed when less than a pull is left, so before its first sample is played.
Duration JitterBuffer::Impl::Lead() const {
  return SamplesToDuration(static_cast<int64_t>(playout_.size() % kAudioFrameSamples));
}

// How much more delay than the target there is when `timestamp` is played next.
Duration JitterBuffer::Impl::ExcessIfPlayedNext(int64_t timestamp) const {
  return DelayIfPlayedNext(timestamp) - Lead() - Target();
}

AudioFrame JitterBuffer::Impl::Get(Timestamp now, std::span<float> out) {
  AudioFrame frame;
  frame.channels = static_cast<int>(channels_);
  pull_clock_.OnPull(now);
  if (out.size() != kAudioFrameSamples * channels_ || !decoder_) {
    std::fill(out.begin(), out.end(), 0.0f);
    return frame;
  }
  DropPast();
  SkipExcess();
  while (playout_.size() < kAudioFrameSamples) Advance();
  if (kind_ != AudioFrameKind::kSilence) AdaptLength();

  frame.kind = kind_;
  frame.muted = muted_;
  frame.has_timestamp = started_;
  frame.rtp_timestamp = static_cast<uint32_t>(FrontTimestamp());
  if (concealed_ == 0 && started_) {
    const std::optional<Timestamp> earliest = estimator_.EarliestArrival(FrontTimestamp());
    if (earliest) current_delay_ = std::max(pull_clock_.now() - *earliest, Duration::Zero());
  } else if (idle()) {
    current_delay_ = Duration::Zero();
  }
  playout_.Read(out);
  if (kind_ != AudioFrameKind::kSilence) stats_.total_samples += kAudioFrameSamples;
  return frame;
}

// Makes some more sound: the next packet's, a lost one's from its copy, or an invented 10 ms.
void JitterBuffer::Impl::Advance() {
  DropPast();
  if (packets_.empty()) return ConcealFrame();
  const BufferedPacket& front = packets_.front();
  if (IsDue(front)) return DecodeFront();
  if (CanUseFec(front)) return DecodeFecOf(front);
  ConcealFrame();
}

bool JitterBuffer::Impl::IsDue(const BufferedPacket& packet) const {
  const Duration excess = ExcessIfPlayedNext(packet.timestamp);
  // Nothing is heard now, so this is the time to have the right delay from the start.
  if (!started_ || wait_for_target_ || concealed_ >= kFadeEnd) return excess >= Duration::Zero();
  const int64_t gap = packet.timestamp - next_timestamp_;
  if (gap <= concealed_) return true;
  // The sender paused (no sequence number is missing): its next words have their own time.
  if (packet.sequence_number == last_sequence_ + 1) return excess >= Duration::Zero();
  return excess >= kBehind;
}

bool JitterBuffer::Impl::CanUseFec(const BufferedPacket& packet) const {
  if (!packet.has_fec || !started_ || wait_for_target_ || concealed_ >= kFadeEnd) return false;
  if (packet.sequence_number == last_sequence_ + 1) return false;
  const int64_t gap = packet.timestamp - next_timestamp_;
  // The copy reaches back by one packet; what lies before is concealed first.
  return gap > concealed_ && gap <= packet.samples;
}

// Packets whose time is over: reordered ones that came while their gap was being concealed.
void JitterBuffer::Impl::DropPast() {
  if (!started_) return;
  const int64_t past = next_timestamp_ + (concealing_known_gap_ ? concealed_ : 0);
  while (!packets_.empty() && packets_.front().end() <= past) {
    packets_.PopFront();
    ++stats_.packets_late;
  }
}

// After a stall so long that playing faster would take many seconds, goes on with the present.
void JitterBuffer::Impl::SkipExcess() {
  if (packets_.empty() || idle()) return;
  if (ExcessIfPlayedNext(packets_.front().timestamp) <= kMaxExcess) return;
  while (packets_.size() > 1 && ExcessIfPlayedNext(packets_.front().timestamp) > Duration::Zero()) {
    packets_.PopFront();
    ++stats_.packets_discarded;
  }
  ++stats_.restarts;
  // Joined like a late packet: by cross-fade with what was concealed.
  next_timestamp_ = packets_.front().timestamp;
  last_sequence_ = packets_.front().sequence_number - 1;
  concealing_known_gap_ = false;
  discontinuity_ = true;
}

void JitterBuffer::Impl::DecodeFront() {
  const BufferedPacket packet = packets_.PopFront();
  if (reset_decoder_) decoder_->Reset();
  const Result<size_t> decoded = decoder_->Decode(packet.payload, scratch_);
  if (!decoded) {
    // Its place is concealed like that of a lost packet.
    ++stats_.packets_discarded;
    return;
  }
  const int64_t gap = started_ ? packet.timestamp - next_timestamp_ : 0;
  NoteMissingBefore(packet.sequence_number);
  NoteLost(false);
  // Where the start of the packet has been concealed already, because it was reordered or because
  // we are behind, only the rest is played.
  int64_t skip = std::max<int64_t>(-gap, 0);
  const int64_t covered = concealed_ - std::max<int64_t>(gap, 0);
  const bool behind = ExcessIfPlayedNext(packet.timestamp) > kBehind;
  if (covered > 0 && covered < packet.samples && (concealing_known_gap_ || behind)) {
    skip = std::max(skip, covered);
  }
  const bool seamless = started_ && !wait_for_target_ && !discontinuity_ && skip == 0 &&
                        concealed_ == std::max<int64_t>(gap, 0) &&
                        concealed_ <= kSeamlessConcealment;
  const Duration waited =
      pull_clock_.now() - packet.arrival + SamplesToDuration(static_cast<int64_t>(playout_.size()));
  const auto emitted = static_cast<int64_t>(*decoded) - skip;
  stats_.jitter_buffer_delay += std::max(waited, Duration::Zero()) * static_cast<double>(emitted);
  stats_.jitter_buffer_target_delay += Target() * static_cast<double>(emitted);
  stats_.jitter_buffer_emitted_count += static_cast<uint64_t>(emitted);

  AppendDecoded(*decoded, skip, seamless);
  kind_ = AudioFrameKind::kNormal;
  started_ = true;
  reset_decoder_ = false;
  discontinuity_ = false;
  wait_for_target_ = false;
  next_timestamp_ = packet.end();
  last_sequence_ = packet.sequence_number;
  last_packet_samples_ = packet.samples;
}

void JitterBuffer::Impl::DecodeFecOf(const BufferedPacket& packet) {
  // The copy stands for the packet before, as long as this one.
  const auto length = static_cast<size_t>(packet.samples);
  const int64_t gap = packet.timestamp - next_timestamp_;
  const int64_t skip = std::max<int64_t>(packet.samples - gap, 0) + concealed_;
  const Result<size_t> decoded = skip < packet.samples
                                     ? decoder_->DecodeFec(packet.payload, length, scratch_)
                                     : Result<size_t>(std::unexpected(Error{}));
  if (!decoded || *decoded <= static_cast<size_t>(skip)) return ConcealFrame();
  ++stats_.fec_packets_recovered;
  NoteMissingBefore(packet.sequence_number - 1);
  NoteLost(true);
  AppendDecoded(*decoded, skip, skip == 0);
  kind_ = AudioFrameKind::kFec;
  next_timestamp_ = packet.timestamp;
  last_sequence_ = packet.sequence_number - 1;
}

void JitterBuffer::Impl::NoteLost(bool lost) {
  loss_ = loss_ * kLossForget + (lost ? 1.0f - kLossForget : 0.0f);
  wait_for_fec_ = fec_seen_ > 0 && loss_ > (wait_for_fec_ ? kFecNotWorthLoss : kFecWorthLoss);
}

void JitterBuffer::Impl::NoteMissingBefore(int64_t sequence) {
  // More at once says no more: it is an outage.
  constexpr int64_t kMaxNoted = 20;
  if (!started_ || wait_for_target_ || discontinuity_) return;
  const int64_t missing = std::min(sequence - last_sequence_ - 1, kMaxNoted);
  for (int64_t i = 0; i < missing; ++i) NoteLost(true);
}

// Puts the decoder's samples from `skip` on into the playout buffer.
void JitterBuffer::Impl::AppendDecoded(size_t samples, int64_t skip, bool seamless) {
  const std::span<float> sound = std::span(scratch_).subspan(
      static_cast<size_t>(skip) * channels_, (samples - static_cast<size_t>(skip)) * channels_);
  if (!seamless) TimeStretcher::Join(playout_, sound);
  playout_.Append(sound);
  concealed_ = 0;
  concealing_known_gap_ = false;
  muted_ = false;
}

void JitterBuffer::Impl::ConcealFrame() {
  if (idle()) {
    playout_.AppendSilence(kAudioFrameSamples);
    kind_ = AudioFrameKind::kSilence;
    muted_ = true;
    return;
  }
  if (concealed_ == 0) ++stats_.concealment_events;
  if (!packets_.empty() && !wait_for_target_) concealing_known_gap_ = true;
  const std::span<float> sound = std::span(scratch_).first(kAudioFrameSamples * channels_);
  const bool silent =
      concealed_ >= kFadeEnd || !decoder_->Conceal(kAudioFrameSamples, sound).has_value();
  if (silent) {
    playout_.AppendSilence(kAudioFrameSamples);
    stats_.silent_concealed_samples += kAudioFrameSamples;
  } else {
    constexpr auto kFadeLength = static_cast<float>(kFadeEnd - kFadeStart);
    for (size_t i = 0; i < kAudioFrameSamples; ++i) {
      const auto faded = static_cast<float>(concealed_ + static_cast<int64_t>(i) - kFadeStart);
      const float gain = std::clamp(1.0f - faded / kFadeLength, 0.0f, 1.0f);
      for (size_t c = 0; c < channels_; ++c) sound[i * channels_ + c] *= gain;
    }
    playout_.Append(sound);
  }
  stats_.concealed_samples += kAudioFrameSamples;
  concealed_ += kAudioFrameSamples;
  kind_ = AudioFrameKind::kConcealed;
  muted_ = silent;
}

// Decodes the packets that follow without a gap until `samples` are there to be looked at.
void JitterBuffer::Impl::DecodeAhead(size_t samples) {
  while (playout_.size() < samples && !packets_.empty() &&
         packets_.front().timestamp == next_timestamp_) {
    DecodeFront();
  }
}

// Brings the delay nearer to the target by a pitch period, while plain decoded sound plays.
void JitterBuffer::Impl::AdaptLength() {
  const bool plain = kind_ == AudioFrameKind::kNormal || kind_ == AudioFrameKind::kAccelerated ||
                     kind_ == AudioFrameKind::kExpanded;
  if (!plain || concealed_ != 0 || wait_for_target_) return;
  kind_ = AudioFrameKind::kNormal;
  if (stretch_pause_ > 0) {
    --stretch_pause_;
    return;
  }
  const Duration excess = ExcessIfPlayedNext(next_timestamp_);
  TimeStretcher::Options options;
  // Half a step past the target at most, or it would swing.
  constexpr size_t kOvershoot = 240;
  if (excess > kTooMuch) {
    DecodeAhead(TimeStretcher::kAccelerateNeeds);
    options.max_lag = static_cast<size_t>(DurationToSamples(std::min(excess, kHurry))) + kOvershoot;
    options.prefer_long = excess > kHurry;
    if (excess > kHurry) options.min_correlation = 0.5f;
    const size_t removed = TimeStretcher::Accelerate(playout_, options);
    if (removed == 0) return;
    stats_.removed_samples_for_acceleration += removed;
    kind_ = AudioFrameKind::kAccelerated;
    stretch_pause_ = excess > kHurry ? kHurriedStretchPause : kStretchPause;
  } else if (excess < -kTooLittle) {
    options.max_lag =
        static_cast<size_t>(DurationToSamples(std::min(-excess, kHurry))) + kOvershoot;
    options.prefer_long = -excess > kHurry;
    const size_t inserted = TimeStretcher::Expand(playout_, options);
    if (inserted == 0) return;
    stats_.inserted_samples_for_deceleration += inserted;
    kind_ = AudioFrameKind::kExpanded;
    stretch_pause_ = kStretchPause;
  }
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
