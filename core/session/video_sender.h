// From encoded VP8 frames to packets (RFC 7741).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/session/rtp_sender.h"

namespace ferry::session {

class VideoSender {
 public:
  // Larger frames are refused: 4 MiB is a 4K key frame of the finest quantiser.
  static constexpr size_t kMaxFrameSize = 4 * 1024 * 1024;

  static constexpr uint8_t kTemporalLayers = 2;

  // The picture ids start from `first_picture_id`, random.
  VideoSender(const RtpSenderConfig& rtp, uint16_t first_picture_id)
      : rtp_(rtp), picture_id_(first_picture_id & 0x7FFF) {}

  // Appends the frame's packets to `out`. Of an encoder with temporal layers: `temporal_id` 0 is
  // the base, and the others refer to nothing but the base.
  Result<void> Send(ByteSpan frame, bool keyframe, std::optional<uint8_t> temporal_id,
                    Timestamp capture_time, Timestamp now, std::vector<rtp::RtpPacket>& out);

  RtpSender& rtp() { return rtp_; }
  const RtpSender& rtp() const { return rtp_; }
  uint64_t frames() const { return frames_; }
  uint64_t keyframes() const { return keyframes_; }

 private:
  RtpSender rtp_;
  uint16_t picture_id_;
  // TL0PICIDX: of the newest frame of the base.
  uint8_t base_index_ = 0;
  uint64_t frames_ = 0;
  uint64_t keyframes_ = 0;
};

}  // namespace ferry::session
