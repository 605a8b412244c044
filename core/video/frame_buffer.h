// Holds complete video frames until the decoder should have them: in order, each at its playout
// time, when all that it refers to has been given out (or it is a key frame). A frame that no other
// refers to is not waited for beyond the time of the next.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/base/units.h"
#include "core/video/frame_assembler.h"
#include "core/video/playout_timing.h"
#include "core/video/vp8_references.h"

namespace ferry::video {

class FrameBuffer {
 public:
  // Two seconds at 60 frames per second; beyond it the oldest go and a key frame is asked for.
  static constexpr size_t kMaxFrames = 120;
  // A gap that lasts this long, and as long as two retransmissions take, is not waited for any
  // more: a key frame is asked for.
  static constexpr Duration kMaxStall = Duration::Millis(300);

  void Insert(EncodedFrame frame);
  // The next frame to decode, when its time has come.
  std::optional<EncodedFrame> Next(Timestamp now);
  // When Next may have a frame though none arrives; Infinite when it has none to wait for.
  Timestamp NextDue() const;
  // True when decoding cannot go on without a key frame; again after as long while so.
  bool TakeNeedsKeyframe(Timestamp now);
  void SetRoundTrip(Duration round_trip);
  // Before the first frame, or after a decoder failed: nothing but a key frame will do.
  void RequireKeyframe();

  // The sequence number after the last frame released: what came before is of no use any more.
  std::optional<int64_t> next_sequence() const { return next_sequence_; }
  uint64_t frames_dropped() const { return frames_dropped_; }
  PlayoutTiming& timing() { return timing_; }
  const PlayoutTiming& timing() const { return timing_; }

 private:
  using Frames = std::map<int64_t, EncodedFrame>;  // by first sequence number
  bool Decodable(const EncodedFrame& frame) const;
  // The frame to release next: the first that can be decoded.
  Frames::const_iterator Candidate() const;

  PlayoutTiming timing_;
  Frames frames_;
  std::optional<int64_t> next_sequence_;  // nullopt: only a key frame will do
  Vp8References references_;
  std::optional<Timestamp> stalled_since_;
  Duration max_stall_ = kMaxStall;
  uint64_t frames_dropped_ = 0;
};

}  // namespace ferry::video
