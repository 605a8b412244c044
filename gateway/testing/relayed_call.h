// Test help: a call through a gateway in virtual time. A publisher's engine, the gateway's
// endpoints and a subscriber's engine, joined by two simulated hops; nothing but the codecs, the
// sockets and the browsers is left out.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/session/media_session.h"
#include "core/sim/network.h"
#include "gateway/session/media_endpoint.h"
#include "gateway/sfu/sfu_worker.h"

namespace ferry::gateway::testing {

// Between a client and the gateway: `up` is what the client sends.
struct Hop {
  sim::LinkConfig up;
  sim::LinkConfig down;
};

// What the subscriber saw and heard, since the last Reset.
struct CallFigures {
  double frames_per_second = 0;
  Duration video_p50;  // from capture to decoding
  Duration video_p95;
  double freeze_s = 0;   // longer than kFreeze without a frame, in sum
  double concealed = 0;  // share of the sound
  Duration audio_delay;  // of the jitter buffer's way, at the end
  DataRate sent_up;      // by the publisher, everything
  DataRate sent_down;    // to the subscriber
  int keyframes = 0;
};

class RelayedCall {
 public:
  static constexpr uint32_t kAudioSsrc = 100;
  static constexpr uint32_t kVideoSsrc = 200;
  static constexpr Duration kFrameInterval = Duration::Micros(33'333);
  static constexpr Duration kFreeze = Duration::Millis(200);

  RelayedCall(const Hop& publisher, const Hop& subscriber);
  ~RelayedCall();

  void Run(Duration duration);
  // Figures begin anew.
  void Reset();
  CallFigures figures() const;

  // What the encoder makes at its best; it keeps to the session's target.
  DataRate picture = DataRate::KilobitsPerSec(800);
  bool send_video = true;
  int temporal_layers = 1;

  Timestamp now() const { return now_; }
  // Since the call began; nullopt before.
  std::optional<Duration> first_frame() const { return first_frame_; }
  // Frames that came to the decoder without what they refer to.
  int undecodable() const { return undecodable_; }
  session::MediaSession publisher{1};
  session::MediaSession subscriber{2};
  void Configure(const Hop& publisher_hop, const Hop& subscriber_hop);

 private:
  struct Shown {
    Timestamp at;
    Duration delay;
  };
  class Side;

  void Step();
  void PushAudio();
  void PushVideo();
  void Pull();
  void Flush(session::MediaSession& session, sim::Link& link);
  void Decode(const session::VideoReceiver::Frame& frame);

  Timestamp now_ = Timestamp::Millis(1'790'000'000'000);
  const Timestamp began_ = now_;
  Timestamp next_audio_ = now_;
  Timestamp next_video_ = now_;
  Timestamp next_pull_ = now_;
  Timestamp next_tick_ = now_;
  Timestamp next_wake_ = now_;

  Metrics metrics_;
  SfuWorker worker_{0, metrics_};
  std::unique_ptr<Side> publisher_side_;
  std::unique_ptr<Side> subscriber_side_;

  int frame_number_ = 0;
  int base_frame_ = 0;  // the newest of the lowest temporal layer
  bool want_keyframe_ = true;

  // Of the subscriber.
  std::optional<Duration> first_frame_;
  std::optional<int> last_number_;
  std::optional<int> last_base_;
  int undecodable_ = 0;
  std::vector<Shown> shown_;
  Timestamp since_ = now_;
  std::optional<Timestamp> shown_before_;
  uint64_t concealed_before_ = 0;
  uint64_t played_before_ = 0;
  int keyframes_ = 0;
};

}  // namespace ferry::gateway::testing
