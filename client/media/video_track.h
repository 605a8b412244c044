// A published video: pictures that are encoded here, in one size or two, or frames of a file that
// were encoded before.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "client/media/ivf.h"
#include "client/media/picture_source.h"
#include "client/signaling/types.h"
#include "core/session/media_session.h"
#include "core/video/codec/frame_converter.h"
#include "core/video/codec/video_encoder.h"

namespace ferry::client {

class VideoTrack {
 public:
  // `encodings` as they will be published, the big one first, each with its bitrate.
  static Result<VideoTrack> FromPictures(std::unique_ptr<PictureSource> pictures,
                                         const std::vector<Encoding>& encodings);
  // A key frame that is asked for is got by beginning the file anew.
  static VideoTrack FromFrames(IvfReader frames);

  double fps() const;
  const std::vector<Encoding>& encodings() const { return encodings_; }

  // The SSRCs of the encodings, in their order; before it nothing is sent.
  Result<void> Start(const std::vector<uint32_t>& ssrcs, session::MediaSession& engine);
  void RequestKeyframe(uint32_t ssrc);
  // Sends the next frame. False at the end; the next call begins anew.
  Result<bool> SendNext(Timestamp capture_time, Timestamp now, session::MediaSession& engine);
  uint64_t frames() const { return frames_sent_; }

 private:
  struct Layer {
    VideoSize size;
    std::unique_ptr<VideoEncoder> encoder;
    FrameConverter scaler;
    bool keyframe_wanted = true;
  };
  VideoTrack() = default;
  Result<void> SendEncoded(const I420Buffer& picture, Timestamp capture_time, Timestamp now,
                           session::MediaSession& engine);

  std::vector<Encoding> encodings_;
  std::vector<uint32_t> ssrcs_;
  uint64_t frames_sent_ = 0;

  std::unique_ptr<PictureSource> pictures_;
  std::vector<Layer> layers_;
  I420Buffer picture_;

  std::optional<IvfReader> frames_;
  bool restart_ = false;
  std::vector<uint8_t> frame_;
};

}  // namespace ferry::client
