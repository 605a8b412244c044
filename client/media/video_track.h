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
  // `encodings` as they will be published, the big one first, each with its bitrate. `loop`: the
  // pictures begin anew at their end.
  static Result<VideoTrack> FromPictures(std::unique_ptr<PictureSource> pictures,
                                         const std::vector<Encoding>& encodings, bool loop);
  // A key frame that is asked for is got by beginning the file anew, or, where that cannot be, by
  // waiting for its next one.
  static VideoTrack FromFrames(IvfReader frames, bool loop);

  // None when the bitrate is not known.
  const std::vector<Encoding>& encodings() const { return encodings_; }
  bool endless() const { return loop_ || (pictures_ && pictures_->endless()); }

  // The SSRCs of the encodings, in their order; before it nothing is sent.
  Result<void> Start(const std::vector<uint32_t>& ssrcs, session::MediaSession& engine);
  bool started() const { return !ssrcs_.empty(); }
  void RequestKeyframe(uint32_t ssrc);
  // When what SendNext sends next is to be shown, from the first frame on.
  Duration position() const { return position_; }
  // Sends the next frame. False when all have been sent.
  Result<bool> SendNext(Timestamp capture_time, Timestamp now, session::MediaSession& engine);
  uint64_t frames() const { return frames_sent_; }
  std::vector<FileNote> TakeNotes();

 private:
  struct Layer {
    VideoSize size;
    std::unique_ptr<VideoEncoder> encoder;
    FrameConverter scaler;
    bool keyframe_wanted = true;
  };
  explicit VideoTrack(bool loop) : loop_(loop) {}
  Result<bool> SendPicture(Timestamp capture_time, Timestamp now, session::MediaSession& engine);
  Result<void> SendEncoded(const I420Buffer& picture, Timestamp capture_time, Timestamp now,
                           session::MediaSession& engine);
  Result<bool> SendFrame(Timestamp capture_time, Timestamp now, session::MediaSession& engine);
  Result<bool> LoadFrame(bool key);

  bool loop_;
  std::vector<Encoding> encodings_;
  std::vector<uint32_t> ssrcs_;
  uint64_t frames_sent_ = 0;
  Duration position_;

  std::unique_ptr<PictureSource> pictures_;
  std::vector<Layer> layers_;
  I420Buffer picture_;

  std::optional<IvfReader> frames_;
  IvfFrame frame_;
  bool loaded_ = false;      // frame_ is to be sent next
  bool restart_ = false;     // a key frame is needed
  bool begun_anew_ = false;  // to find frame_
  Duration interval_;        // between the two frames before
};

}  // namespace ferry::client
