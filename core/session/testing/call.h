// Test help: a publisher and a subscriber joined by two simulated links, in virtual time.
//
// The publisher sends a tone and made-up VP8 frames whose content tells their number; both ends run
// their timers as a real caller would, by Poll and NextWakeup.
#pragma once

#include <cmath>
#include <functional>
#include <optional>
#include <vector>

#include "core/audio/testing/signals.h"
#include "core/session/media_session.h"
#include "core/sim/network.h"

namespace ferry::session::testing {

struct ReceivedFrame {
  int number = 0;
  bool keyframe = false;
  Timestamp at;
  std::optional<Timestamp> capture_time;
};

class Call {
 public:
  static constexpr uint32_t kAudioSsrc = 100;
  static constexpr uint32_t kVideoSsrc = 200;
  static constexpr Duration kFrameInterval = Duration::Micros(33'333);

  explicit Call(const sim::LinkConfig& up, const sim::LinkConfig& down = {})
      : up_(up), down_(down) {
    (void)publisher.AddAudioSender(kAudioSsrc, 1, DataRate::KilobitsPerSec(40));
    (void)publisher.AddVideoSender(kVideoSsrc);
    publisher.SetRepairs(true);
    (void)subscriber.AddAudioReceiver(kAudioSsrc, 1);
    (void)subscriber.AddVideoReceiver(kVideoSsrc, 1);
  }

  // Runs both ends for this long.
  void Run(Duration duration) {
    const Timestamp end = now_ + duration;
    while (now_ < end) {
      Step();
      now_ = std::min({now_ + Duration::Millis(1), end});
    }
  }

  MediaSession publisher{1};
  MediaSession subscriber{2};
  Duration downstream = Duration::Millis(30);  // of audio, at the subscriber
  bool send_audio = true;
  bool voice = false;  // instead of a tone, of which Opus makes no copies as it does of music
  bool send_video = true;
  size_t frame_size = 3000;
  size_t keyframe_size = 12'000;

  std::vector<ReceivedFrame> frames;
  std::vector<float> audio;  // left channel
  int keyframes_encoded = 0;
  int undecodable = 0;  // frames whose reference was not received
  Timestamp now() const { return now_; }
  sim::Link& up() { return up_; }

 private:
  void Step() {
    if (send_audio && now_ >= next_audio_) PushAudio();
    if (send_video && now_ >= next_video_) PushVideo();
    Flush(publisher, up_);
    while (auto packet = up_.Receive(now_)) (void)subscriber.Receive(*packet, now_);
    if (now_ >= next_pull_) Pull();
    Flush(subscriber, down_);
    while (auto packet = down_.Receive(now_)) (void)publisher.Receive(*packet, now_);
  }

  void PushAudio() {
    std::array<float, 480> block;
    for (float& sample : block) {
      sample =
          voice ? voice_[voice_at_++ % voice_.size()] : 0.3f * static_cast<float>(std::sin(phase_));
      phase_ += 2 * M_PI * 440 / 48'000;
    }
    (void)publisher.PushAudio(kAudioSsrc, block, next_audio_ - Duration::Millis(10), now_);
    next_audio_ += Duration::Millis(10);
  }

  void PushVideo() {
    const bool keyframe = std::exchange(want_keyframe_, false);
    std::vector<uint8_t> frame(keyframe ? keyframe_size : frame_size);
    frame[0] = keyframe ? 0 : 1;  // RFC 6386 §9.1
    frame[1] = static_cast<uint8_t>(frame_number_ >> 8);
    frame[2] = static_cast<uint8_t>(frame_number_);
    ++frame_number_;
    if (keyframe) ++keyframes_encoded;
    (void)publisher.SendFrame(kVideoSsrc, frame, keyframe, next_video_, now_);
    next_video_ += kFrameInterval;
  }

  void Pull() {
    std::array<float, kAudioFrameSamples * AudioReceiver::kChannels> block;
    (void)subscriber.PullAudio(kAudioSsrc, downstream, now_, block);
    for (size_t i = 0; i < block.size(); i += 2) audio.push_back(block[i]);
    next_pull_ += Duration::Millis(10);
  }

  void Flush(MediaSession& session, sim::Link& link) {
    while (auto output = session.Poll(now_)) {
      if (const auto* packet = std::get_if<SendPacket>(&*output)) {
        link.Send(packet->bytes, now_);
      } else if (const auto* frame = std::get_if<DecodeFrame>(&*output)) {
        Decode(frame->frame);
      } else {
        want_keyframe_ = true;
      }
    }
  }

  void Decode(const VideoReceiver::Frame& frame) {
    const auto& data = frame.frame.data;
    const int number = data[1] << 8 | data[2];
    if (!frame.frame.keyframe && (frames.empty() || number != frames.back().number + 1)) {
      ++undecodable;
    }
    frames.push_back({number, frame.frame.keyframe, now_, frame.capture_time});
  }

  Timestamp now_ = Timestamp::Millis(1'790'000'000'000);
  Timestamp next_audio_ = now_;
  Timestamp next_video_ = now_;
  Timestamp next_pull_ = now_;
  const std::vector<float> voice_ = MakeVoice(480'000);
  size_t voice_at_ = 0;
  double phase_ = 0;
  int frame_number_ = 0;
  bool want_keyframe_ = true;
  sim::Link up_;
  sim::Link down_;
};

}  // namespace ferry::session::testing
