#include "client/media/video_sink.h"

#include "core/base/sequence_number.h"
#include "core/video/codec/testing/synthetic_clip.h"

namespace ferry::client {

Result<VideoSink> VideoSink::Create() {
  auto decoder = CreateVp8Decoder();
  if (!decoder) return std::unexpected(decoder.error());
  return VideoSink(std::move(*decoder));
}

bool VideoSink::Take(const session::VideoReceiver::Frame& frame) {
  const uint32_t timestamp = frame.frame.rtp_timestamp;
  if (last_timestamp_ && !IsNewer(timestamp, *last_timestamp_)) ++stats_.backwards;
  last_timestamp_ = timestamp;
  const auto picture = decoder_->Decode(frame.frame.data);
  if (!picture) {
    ++stats_.undecodable;
    return false;
  }
  ++stats_.frames;
  if (frame.frame.keyframe) ++stats_.keyframes;
  if (!*picture) return true;
  stats_.size = (*picture)->size;
  stats_.content_hash = stats_.frames == 1 ? testing::HashPicture(**picture)
                                           : testing::HashPicture(**picture, stats_.content_hash);
  if (on_picture) on_picture(**picture);
  return true;
}

}  // namespace ferry::client
