// What one client publishes: a video, a sound or both, each frame at its time, until what was sent
// last has been heard.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "client/media/audio_track.h"
#include "client/media/video_track.h"

namespace ferry::client {

class Publication {
 public:
  // From the last packet until one may leave. Its streams end with the publisher, and what waits in
  // the listeners' jitter buffers with them: these hold up to some 100 ms, the pacer up to 150.
  static constexpr Duration kDrain = Duration::Millis(1000);
  // What this machine cannot send in time is not made up for: all goes on later.
  static constexpr Duration kMaxLate = Duration::Millis(500);

  void SetVideo(VideoTrack track) { video_.emplace(std::move(track)); }
  void SetAudio(AudioTrack track) { audio_.emplace(std::move(track)); }
  VideoTrack* video() { return video_ ? &*video_ : nullptr; }
  AudioTrack* audio() { return audio_ ? &*audio_ : nullptr; }

  // The gateway has taken the stream; again when it did anew.
  Result<void> StartVideo(const std::vector<uint32_t>& ssrcs, Timestamp now,
                          session::MediaSession& engine);
  Result<void> StartAudio(uint32_t ssrc, Timestamp now, session::MediaSession& engine);

  // Sends what is due; every 10 ms or so. False when all that has an end was sent and heard.
  Result<bool> Tick(Timestamp now, session::MediaSession& engine);
  // What the files' readers had to say since the last call.
  std::vector<FileNote> TakeNotes();

 private:
  Result<void> SendVideo(Timestamp now, session::MediaSession& engine);
  Result<void> SendAudio(Timestamp now, session::MediaSession& engine);
  bool sent_all() const;

  std::optional<VideoTrack> video_;
  std::optional<AudioTrack> audio_;
  bool video_sent_ = false;  // all of it
  bool audio_sent_ = false;
  Timestamp video_start_;  // of its position zero
  Timestamp next_block_;
  std::optional<Timestamp> sent_at_;  // all
};

}  // namespace ferry::client
