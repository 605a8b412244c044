// Files to be published: of what kind they are, and whether they can be.
#pragma once

#include <optional>

#include "client/media/audio_track.h"
#include "client/media/input_file.h"
#include "client/media/video_track.h"

namespace ferry::client {

struct VideoSettings {
  DataRate bitrate;
  // Of the small encoding, zero for none.
  DataRate small_bitrate;
  VideoSize small_box = {320, 180};
  // Asked for, not the default: a picture that is no larger is refused.
  bool small_box_given = false;
  bool loop = false;
};

// Y4M, encoded here, or IVF of VP8, sent as it is. What is refused is refused with the reason, and
// with what to do.
Result<VideoTrack> OpenVideo(InputFile file, const VideoSettings& settings);
// Pictures in one size or two.
Result<VideoTrack> EncodePictures(std::unique_ptr<PictureSource> pictures,
                                  const VideoSettings& settings);
// WAV, encoded here, or Ogg Opus, sent as it is where that can be.
Result<AudioTrack> OpenAudio(InputFile file, DataRate bitrate, bool loop);

}  // namespace ferry::client
