#include "core/video/frame_buffer.h"

#include <iterator>
#include <utility>

namespace ferry::video {

void FrameBuffer::Insert(EncodedFrame frame) {
  timing_.OnFrame(frame.rtp_timestamp, frame.completed);
  if (next_sequence_ && frame.first_sequence < *next_sequence_) return;  // its time is past
  const Timestamp completed = frame.completed;
  frames_.emplace(frame.first_sequence, std::move(frame));
  if (frames_.size() > kMaxFrames) {
    const auto oldest = frames_.begin();
    // Without it, nothing after it up to a key frame can be decoded.
    next_sequence_.reset();
    frames_.erase(oldest);
    ++frames_dropped_;
  }
  if (Candidate() != frames_.end()) {
    stalled_since_.reset();
  } else if (!stalled_since_) {
    stalled_since_ = completed;
  }
}

FrameBuffer::Frames::const_iterator FrameBuffer::Candidate() const {
  if (next_sequence_) {
    if (const auto it = frames_.find(*next_sequence_); it != frames_.end()) return it;
  }
  for (auto it = frames_.begin(); it != frames_.end(); ++it) {
    if (it->second.keyframe) return it;
  }
  return frames_.end();
}

std::optional<EncodedFrame> FrameBuffer::Next(Timestamp now) {
  const auto it = Candidate();
  if (it == frames_.end() || timing_.ReleaseTime(it->second.rtp_timestamp) > now) {
    return std::nullopt;
  }
  // Frames before a key frame that is due came too late to be of use.
  frames_dropped_ += static_cast<uint64_t>(std::distance(frames_.cbegin(), it));
  frames_.erase(frames_.cbegin(), it);
  EncodedFrame frame = std::move(frames_.begin()->second);
  frames_.erase(frames_.begin());
  next_sequence_ = frame.last_sequence + 1;
  if (!frames_.empty() && Candidate() == frames_.end()) {
    stalled_since_ = now;
  } else {
    stalled_since_.reset();
  }
  return frame;
}

Timestamp FrameBuffer::NextDue() const {
  const auto it = Candidate();
  if (it != frames_.end()) return timing_.ReleaseTime(it->second.rtp_timestamp);
  return stalled_since_ ? *stalled_since_ + kMaxStall : Timestamp::Infinite();
}

bool FrameBuffer::TakeNeedsKeyframe(Timestamp now) {
  if (!stalled_since_ || now - *stalled_since_ < kMaxStall) return false;
  stalled_since_ = now;
  return true;
}

void FrameBuffer::RequireKeyframe() {
  next_sequence_.reset();
  while (!frames_.empty() && !frames_.begin()->second.keyframe) {
    frames_.erase(frames_.begin());
    ++frames_dropped_;
  }
}

}  // namespace ferry::video
