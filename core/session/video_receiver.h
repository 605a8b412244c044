// One remote picture: from packets to encoded frames in decoding order at their time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/rtp/ntp_time.h"
#include "core/rtp/rtcp.h"
#include "core/transport/nack_generator.h"
#include "core/transport/reception_stats.h"
#include "core/transport/stream_beginning.h"
#include "core/video/frame_assembler.h"
#include "core/video/frame_buffer.h"

namespace ferry::session {

class VideoReceiver {
 public:
  // Between two requests for a key frame, where the round trip is no longer.
  static constexpr Duration kMinKeyframeRequestInterval = Duration::Millis(300);
  // Longer between two frames than any camera takes: muted, or a screen that stands still.
  static constexpr Duration kPaused = Duration::Seconds(2);

  VideoReceiver();

  Result<void> Receive(const rtp::RtpPacket& packet, Timestamp now);
  void OnSenderReport(const rtp::SenderReport& report, Timestamp now);
  // The page's decoder failed: nothing but a key frame will do.
  void OnDecoderFailed();

  struct Frame {
    video::EncodedFrame frame;
    // Publisher's clock; nullopt while unknown.
    std::optional<Timestamp> capture_time;
  };
  std::optional<Frame> NextFrame(Timestamp now);
  // To the one who answers requests, and back.
  void SetRoundTrip(Duration round_trip);
  // Sequence numbers to ask for again.
  std::vector<uint16_t> TakeNacks(Timestamp now);
  // True when a key frame is to be asked for now.
  bool TakeKeyframeRequest(Timestamp now);
  Timestamp NextDue() const;

  // As AudioReceiver::end_to_end, of the frame released last, to its decoding.
  std::optional<Duration> end_to_end() const { return end_to_end_; }
  // Whether a frame was released lately; what is paused says nothing about the network's delay.
  bool playing(Timestamp now) const { return last_release_ && now - *last_release_ < kPaused; }
  video::PlayoutTiming& timing() { return frames_.timing(); }
  const video::PlayoutTiming& timing() const { return frames_.timing(); }
  transport::ReceptionStats& reception() { return reception_; }
  const transport::ReceptionStats& reception() const { return reception_; }

  uint64_t frames_released() const { return frames_released_; }
  uint64_t keyframes_released() const { return keyframes_released_; }
  uint64_t frames_dropped() const { return frames_.frames_dropped(); }
  uint64_t nacks_sent() const { return nacks_sent_; }
  uint64_t keyframe_requests() const { return keyframe_requests_; }

 private:
  Duration request_interval() const;

  transport::ReceptionStats reception_;
  transport::NackGenerator nack_;
  transport::StreamBeginning beginning_;  // a key frame
  video::FrameAssembler assembler_;
  video::FrameBuffer frames_;
  rtp::CaptureClock capture_clock_;
  Duration round_trip_ = Duration::Millis(100);
  bool wants_keyframe_ = false;
  std::optional<Timestamp> last_keyframe_request_;
  std::optional<Duration> end_to_end_;
  std::optional<Timestamp> last_release_;
  uint64_t frames_released_ = 0;
  uint64_t keyframes_released_ = 0;
  uint64_t nacks_sent_ = 0;
  uint64_t keyframe_requests_ = 0;
};

}  // namespace ferry::session
