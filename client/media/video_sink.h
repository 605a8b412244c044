// A remote video as it is received: decoded, checked, and passed on as pictures.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/session/video_receiver.h"
#include "core/video/codec/video_decoder.h"

namespace ferry::client {

struct VideoSinkStats {
  uint64_t frames = 0;
  uint64_t keyframes = 0;
  uint64_t undecodable = 0;
  uint64_t backwards = 0;  // frames whose timestamp was not after the one before
  VideoSize size;
  // Of all decoded pictures in their order (FNV-1a): equal for equal content.
  uint64_t content_hash = 0;
};

class VideoSink {
 public:
  static Result<VideoSink> Create();

  // Called from Take with what is shown; the picture is of this call only.
  std::function<void(const I420View& picture)> on_picture;
  // False when the frame could not be decoded: a key frame is needed.
  bool Take(const session::VideoReceiver::Frame& frame);
  const VideoSinkStats& stats() const { return stats_; }

 private:
  explicit VideoSink(std::unique_ptr<VideoDecoder> decoder) : decoder_(std::move(decoder)) {}

  std::unique_ptr<VideoDecoder> decoder_;
  std::optional<uint32_t> last_timestamp_;
  VideoSinkStats stats_;
};

}  // namespace ferry::client
