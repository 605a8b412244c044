// Video decoding: one frame in, at most one picture out.
#pragma once

#include <memory>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/video/codec/i420.h"

namespace ferry {

class VideoDecoder {
 public:
  virtual ~VideoDecoder() = default;

  // The picture is valid until the next call; none when the frame is not to be shown. Fails on
  // damaged frames, on frames without their keyframe and on pictures larger than
  // kMaxVideoDimension; the decoder can go on with a keyframe afterwards.
  virtual Result<std::optional<I420View>> Decode(ByteSpan frame) = 0;
};

Result<std::unique_ptr<VideoDecoder>> CreateVp8Decoder(int threads = 1);
Result<std::unique_ptr<VideoDecoder>> CreateVp9Decoder(int threads = 1);

}  // namespace ferry
