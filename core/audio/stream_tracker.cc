#include "core/audio/stream_tracker.h"

#include <cstdlib>

namespace ferry {
namespace {

// RFC 3550 A.1's MAX_DROPOUT: a minute of 20 ms packets.
constexpr int kMaxSequenceStep = 3000;
// How far a timestamp may run ahead of the time passed, or lie behind the newest.
constexpr int64_t kMaxTimestampError = 3 * 48'000;
constexpr int kSeenBits = 64;

}  // namespace

StreamTracker::Position StreamTracker::OnPacket(uint16_t sequence_number, uint32_t timestamp,
                                                Timestamp arrival) {
  if (!started_) {
    started_ = true;
    newest_sequence_ = sequence_number;
    newest_timestamp_ = timestamp;
    newest_arrival_ = arrival;
    seen_ = 1;
    return {Verdict::kAccept, newest_sequence_, newest_timestamp_};
  }
  const int sequence_step =
      static_cast<int16_t>(sequence_number - static_cast<uint16_t>(newest_sequence_));
  const int64_t timestamp_step =
      static_cast<int32_t>(timestamp - static_cast<uint32_t>(newest_timestamp_));
  if (IsPlausible(sequence_step, timestamp_step, arrival - newest_arrival_)) {
    stray_.reset();
    return Accept(sequence_step, timestamp_step, arrival);
  }
  const bool confirmed =
      stray_ && sequence_number == static_cast<uint16_t>(stray_->sequence_number + 1) &&
      static_cast<uint32_t>(timestamp - stray_->timestamp) - 1 < kMaxTimestampError;
  if (!confirmed) {
    stray_ = Stray{sequence_number, timestamp};
    return {};
  }
  stray_.reset();
  // The unwrapped numbers go on as if the steps were real: only their order matters.
  newest_sequence_ += sequence_step;
  newest_timestamp_ += timestamp_step;
  newest_arrival_ = arrival;
  seen_ = 1;
  return {Verdict::kRestart, newest_sequence_, newest_timestamp_};
}

bool StreamTracker::IsPlausible(int sequence_step, int64_t timestamp_step, Duration elapsed) const {
  if (std::abs(sequence_step) > kMaxSequenceStep) return false;
  // Sequence numbers and timestamps go the same way.
  if (sequence_step > 0 && timestamp_step <= 0) return false;
  if (sequence_step < 0 && timestamp_step >= 0) return false;
  if (sequence_step == 0 && timestamp_step != 0) return false;
  if (timestamp_step < 0) return -timestamp_step <= kMaxTimestampError;
  const int64_t elapsed_samples = elapsed > Duration::Zero() ? elapsed.us() * 48 / 1000 : 0;
  return timestamp_step - elapsed_samples <= kMaxTimestampError;
}

StreamTracker::Position StreamTracker::Accept(int sequence_step, int64_t timestamp_step,
                                              Timestamp arrival) {
  Position position{Verdict::kAccept, newest_sequence_ + sequence_step,
                    newest_timestamp_ + timestamp_step, sequence_step < 0};
  if (sequence_step > 0) {
    seen_ = sequence_step < kSeenBits ? seen_ << sequence_step | 1 : 1;
    newest_sequence_ = position.sequence_number;
    newest_timestamp_ = position.timestamp;
    newest_arrival_ = arrival;
  } else if (-sequence_step < kSeenBits) {
    const uint64_t bit = uint64_t{1} << -sequence_step;
    if (seen_ & bit) position.verdict = Verdict::kDuplicate;
    seen_ |= bit;
  }
  return position;
}

}  // namespace ferry
