// Real-time video encoding: one picture in, one frame out, at a bit rate that may change at any
// time.
#pragma once

#include <memory>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/units.h"
#include "core/video/codec/i420.h"

namespace ferry {

struct VideoEncoderSettings {
  VideoSize size;
  // What is expected; the encoder adapts to the rate at which pictures really come.
  double fps = 30;
  DataRate bitrate;
  // Effort: higher is faster and looks worse; VP8 1 to 16, VP9 5 to 9. Chosen by the picture's size
  // when not given.
  std::optional<int> speed;
  int threads = 1;
  // VP8 only: 2 makes every other frame one of an upper layer, which refers to the base alone and
  // which nothing refers to. Whoever leaves those out sees half the frames for 60 % of the bits.
  int temporal_layers = 1;
};

struct EncodedFrame {
  // Valid until the next call on the encoder. Empty when the encoder dropped the picture to keep to
  // the bit rate.
  ByteSpan data;
  bool keyframe = false;
  // 0 is the base. Of an encoder with temporal layers.
  std::optional<uint8_t> temporal_id;
};

class VideoEncoder {
 public:
  virtual ~VideoEncoder() = default;

  // From the next picture on. Bit rate and frame rate change without a trace; another size, speed
  // or number of threads or layers starts with a keyframe. After a failure the former settings
  // stand.
  virtual Result<void> Configure(const VideoEncoderSettings& settings) = 0;

  // `picture` must be of the configured size. `capture` orders pictures and tells the rate control
  // how far they are apart. The first frame is a keyframe; further ones come only when asked for.
  virtual Result<EncodedFrame> Encode(const I420View& picture, Timestamp capture,
                                      bool force_keyframe) = 0;
};

// Fail with kInvalidArgument when the settings are impossible.
Result<std::unique_ptr<VideoEncoder>> CreateVp8Encoder(const VideoEncoderSettings& settings);
Result<std::unique_ptr<VideoEncoder>> CreateVp9Encoder(const VideoEncoderSettings& settings);

}  // namespace ferry
