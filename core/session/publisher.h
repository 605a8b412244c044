// What one connection publishes: its sources, their numbering and sender reports, what their
// receivers report and ask for, and the one pace at which they share the way out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "core/session/audio_sender.h"
#include "core/session/output.h"
#include "core/session/video_sender.h"
#include "core/transport/paced_sender.h"

namespace ferry::session {

class Publisher {
 public:
  // What is to be sent at once, and key frames to be encoded, go to `outputs`.
  Publisher(uint64_t seed, OutputQueue& outputs);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  Result<void> AddAudio(uint32_t ssrc, int channels, DataRate bitrate);
  Result<void> AddVideo(uint32_t ssrc);
  Result<void> Remove(uint32_t ssrc);
  bool Has(uint32_t ssrc) const { return audio_.contains(ssrc) || video_.contains(ssrc); }

  Result<void> PushAudio(uint32_t ssrc, std::span<const float> pcm, Timestamp capture_time,
                         Timestamp now);
  Result<void> PushOpus(uint32_t ssrc, ByteSpan packet, std::span<const float> decoded,
                        Timestamp capture_time, Timestamp now);
  Result<void> SetAudioMuted(uint32_t ssrc, bool muted);
  Result<void> SendFrame(uint32_t ssrc, ByteSpan frame, bool keyframe, Timestamp capture_time,
                         Timestamp now, std::optional<uint8_t> temporal_id);

  // What the encoders of video may make, sound included: what may be sent less what repairs it.
  DataRate media_target() const;
  // What they could use altogether at their best.
  void SetWantedRate(DataRate wanted);
  void SetRepairs(bool repairs) { repairs_ = repairs; }
  void OnPathChanged() { sender_.OnPathChanged(); }
  // How much may be sent, and when.
  transport::SendController& control() { return sender_.control(); }
  const transport::SendController& control() const { return sender_.control(); }

  // --- What receivers tell.
  void OnReportBlock(const rtp::ReportBlock& block, Timestamp now);
  void OnNack(const rtp::Nack& nack, Timestamp now);
  void OnPictureLoss(const rtp::PictureLossIndication& loss);
  void OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now) {
    if (repairs_) {
      sender_.OnFeedback(feedback, now);
      SetWantedRate(wanted_);
    } else {
      control().OnFeedback(feedback, now);
    }
  }
  // From the newest report block that told it.
  std::optional<Duration> round_trip() const { return round_trip_; }

  // Sends reports that have become due.
  void RunTimers(Timestamp now);
  // The next of the packets that are paced, when its time has come.
  std::optional<rtp::RtpPacket> NextPaced(Timestamp now) { return sender_.Next(now); }
  Timestamp NextWakeup() const;

  const AudioSender* audio(uint32_t ssrc) const;
  const VideoSender* video(uint32_t ssrc) const;
  uint64_t dropped() const { return sender_.dropped(); }

 private:
  RtpSender* Find(uint32_t ssrc);
  RtpSenderConfig NewSource(uint32_t ssrc, uint8_t payload_type, int clock_rate_hz);
  // What `push` makes in made_.
  template <typename Push>
  Result<void> SendAudio(uint32_t ssrc, Timestamp now, const Push& push);
  void SendNow(rtp::RtpPacket packet, Timestamp now);

  std::mt19937_64 random_;
  OutputQueue& outputs_;
  // Of every video: the encodings of one picture have one clock, so that a gateway may go from one
  // to the other.
  uint32_t video_timestamp_offset_;
  std::map<uint32_t, AudioSender> audio_;
  std::map<uint32_t, VideoSender> video_;
  transport::PacedSender sender_;
  DataRate wanted_;
  bool repairs_ = false;
  std::optional<Duration> round_trip_;
  std::optional<Timestamp> next_report_;
  std::vector<rtp::RtpPacket> made_;  // scratch
};

}  // namespace ferry::session
