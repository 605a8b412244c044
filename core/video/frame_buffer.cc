#include "core/video/frame_buffer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ferry::video {

void FrameBuffer::Insert(EncodedFrame frame) {
  // What comes before there is anything to decode may have been sent long ago, and asked for since.
  if (next_sequence_ || frame.keyframe || Candidate() != frames_.end()) {
    timing_.OnFrame(frame.rtp_timestamp, frame.completed);
  }
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
  return std::ranges::find_if(frames_, [this](const auto& each) { return Decodable(each.second); });
}

bool FrameBuffer::Decodable(const EncodedFrame& frame) const {
  if (frame.keyframe) return true;
  if (!next_sequence_) return false;
  return frame.first_sequence == *next_sequence_ || references_.Satisfied(frame.descriptor);
}

std::optional<EncodedFrame> FrameBuffer::Next(Timestamp now) {
  const auto it = Candidate();
  if (it == frames_.end() || timing_.ReleaseTime(it->second.rtp_timestamp) > now) {
    return std::nullopt;
  }
  // Frames before one that can be decoded without them and is due came too late to be of use.
  frames_dropped_ += static_cast<uint64_t>(std::distance(frames_.cbegin(), it));
  frames_.erase(frames_.cbegin(), it);
  EncodedFrame frame = std::move(frames_.begin()->second);
  frames_.erase(frames_.begin());
  next_sequence_ = frame.last_sequence + 1;
  references_.OnDecoded(frame.descriptor);
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
  return stalled_since_ ? *stalled_since_ + max_stall_ : Timestamp::Infinite();
}

bool FrameBuffer::TakeNeedsKeyframe(Timestamp now) {
  if (!stalled_since_ || now - *stalled_since_ < max_stall_) return false;
  stalled_since_ = now;
  return true;
}

void FrameBuffer::SetRoundTrip(Duration round_trip) {
  constexpr double kTwoRetransmissions = 2.5;
  max_stall_ = std::max(kMaxStall, round_trip * kTwoRetransmissions);
}

void FrameBuffer::RequireKeyframe() {
  next_sequence_.reset();
  while (!frames_.empty() && !frames_.begin()->second.keyframe) {
    frames_.erase(frames_.begin());
    ++frames_dropped_;
  }
}

}  // namespace ferry::video
