#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "core/audio/jitter_buffer_impl.h"
#include "core/audio/time_stretcher.h"

namespace ferry {
namespace {

// Stretching starts this far above the target (and kTooLittle below).
constexpr Duration kTooMuch = Duration::Millis(12);
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

}  // namespace

bool JitterBuffer::Impl::idle() const { return !started_ || concealed_ >= kIdleAfter; }

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
  frame.has_timestamp = started_ && !wait_for_target_ && kind_ != AudioFrameKind::kSilence;
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
  if (!started_ || wait_for_target_ || concealed_ >= kFadeEnd) {
    return excess >= Duration::Zero() || packets_.full();
  }
  if (GapBefore(packet) <= concealed_) return true;
  return excess >= kBehind;
}

bool JitterBuffer::Impl::CanUseFec(const BufferedPacket& packet) const {
  if (!packet.has_fec || !started_ || wait_for_target_ || concealed_ >= kFadeEnd) return false;
  if (FollowsPause(packet)) return false;
  const int64_t left = GapBefore(packet) - concealed_;
  // The copy reaches back by one packet; what lies before is concealed first.
  return left > 0 && left <= packet.samples;
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
  const int64_t gap = started_ ? GapBefore(packet) : 0;
  if (started_ && !discontinuity_) {
    fec_policy_.OnMissing(packet.sequence_number - last_sequence_ - 1);
  }
  fec_policy_.OnPlayed(false);
  // Of a sender that began anew nobody knows since when it was silent.
  if (discontinuity_) idle_samples_ = 0;
  CountConcealment(started_ && !discontinuity_ && FollowsPause(packet));
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
      pull_clock_.now() - packet.arrival + OpusDuration(static_cast<int64_t>(playout_.size()));
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
}

void JitterBuffer::Impl::DecodeFecOf(const BufferedPacket& packet) {
  // The copy stands for the packet before, as long as this one.
  const auto length = static_cast<size_t>(packet.samples);
  // Of it, what was concealed already.
  const int64_t skip = std::max<int64_t>(concealed_ + packet.samples - GapBefore(packet), 0);
  const Result<size_t> decoded = skip < packet.samples
                                     ? decoder_->DecodeFec(packet.payload, length, scratch_)
                                     : Result<size_t>(std::unexpected(Error{}));
  if (!decoded || *decoded <= static_cast<size_t>(skip)) return ConcealFrame();
  ++stats_.fec_packets_recovered;
  fec_policy_.OnMissing(packet.sequence_number - last_sequence_ - 1);
  CountConcealment(false);
  AppendDecoded(*decoded, skip, skip == 0);
  kind_ = AudioFrameKind::kFec;
  next_timestamp_ = packet.timestamp;
  last_sequence_ = packet.sequence_number - 1;
}

// Puts the decoder's samples from `skip` on into the playout buffer.
void JitterBuffer::Impl::AppendDecoded(size_t samples, int64_t skip, bool seamless) {
  const std::span<float> sound = std::span(scratch_).subspan(
      static_cast<size_t>(skip) * channels_, (samples - static_cast<size_t>(skip)) * channels_);
  if (!seamless) TimeStretcher::Join(playout_, sound);
  playout_.Append(sound);
  concealed_ = 0;
  concealed_silent_ = 0;
  idle_samples_ = 0;
  concealing_known_gap_ = false;
  muted_ = false;
}

void JitterBuffer::Impl::ConcealFrame() {
  if (idle()) {
    if (started_) idle_samples_ += kAudioFrameSamples;
    playout_.AppendSilence(kAudioFrameSamples);
    kind_ = AudioFrameKind::kSilence;
    muted_ = true;
    return;
  }
  if (!packets_.empty() && !wait_for_target_) concealing_known_gap_ = true;
  const std::span<float> sound = std::span(scratch_).first(kAudioFrameSamples * channels_);
  const bool silent =
      concealed_ >= kFadeEnd || !decoder_->Conceal(kAudioFrameSamples, sound).has_value();
  if (silent) {
    playout_.AppendSilence(kAudioFrameSamples);
    concealed_silent_ += kAudioFrameSamples;
  } else {
    constexpr auto kFadeLength = static_cast<float>(kFadeEnd - kFadeStart);
    for (size_t i = 0; i < kAudioFrameSamples; ++i) {
      const auto faded = static_cast<float>(concealed_ + static_cast<int64_t>(i) - kFadeStart);
      const float gain = std::clamp(1.0f - faded / kFadeLength, 0.0f, 1.0f);
      for (size_t c = 0; c < channels_; ++c) sound[i * channels_ + c] *= gain;
    }
    playout_.Append(sound);
  }
  concealed_ += kAudioFrameSamples;
  kind_ = AudioFrameKind::kConcealed;
  muted_ = silent;
}

// What was invented since the last decoded sample turns out to have stood for sound that was lost
// or late, or for a pause of the sender.
void JitterBuffer::Impl::CountConcealment(bool sender_paused) {
  if (concealed_ == 0) return;
  if (sender_paused) {
    stats_.pause_samples += static_cast<uint64_t>(concealed_ + idle_samples_);
    return;
  }
  ++stats_.concealment_events;
  // Played as kSilence, before it was known for lost.
  stats_.total_samples += static_cast<uint64_t>(idle_samples_);
  stats_.concealed_samples += static_cast<uint64_t>(concealed_ + idle_samples_);
  stats_.silent_concealed_samples += static_cast<uint64_t>(concealed_silent_ + idle_samples_);
}

// Decodes the packets that follow without a gap until `samples` are there to be looked at.
void JitterBuffer::Impl::DecodeAhead(size_t samples) {
  while (playout_.size() < samples && !packets_.empty() && GapBefore(packets_.front()) == 0) {
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
    options.max_lag = static_cast<size_t>(OpusSamples(std::min(excess, kHurry))) + kOvershoot;
    options.prefer_long = excess > kHurry;
    if (excess > kHurry) options.min_correlation = 0.5f;
    const size_t removed = TimeStretcher::Accelerate(playout_, options);
    if (removed == 0) return;
    stats_.removed_samples_for_acceleration += removed;
    kind_ = AudioFrameKind::kAccelerated;
    stretch_pause_ = excess > kHurry ? kHurriedStretchPause : kStretchPause;
  } else if (excess < -kTooLittle) {
    options.max_lag = static_cast<size_t>(OpusSamples(std::min(-excess, kHurry))) + kOvershoot;
    options.prefer_long = -excess > kHurry;
    const size_t inserted = TimeStretcher::Expand(playout_, options);
    if (inserted == 0) return;
    stats_.inserted_samples_for_deceleration += inserted;
    kind_ = AudioFrameKind::kExpanded;
    stretch_pause_ = kStretchPause;
  }
}

}  // namespace ferry
