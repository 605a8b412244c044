// All media of one connection: what it publishes, what it is subscribed to, and the one network
// both share.
//
// Sans-I/O: packets and samples go in with the time, and what has to be done comes out of Poll.
// Times are Unix epoch, so that sender reports and capture times need no second clock.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <span>

#include "core/session/output.h"
#include "core/session/publisher.h"
#include "core/session/stream_limits.h"
#include "core/session/subscriber.h"

namespace ferry::session {

class MediaSession {
 public:
  explicit MediaSession(uint64_t seed) : MediaSession(std::mt19937_64(seed)) {}

  // --- Publishing; the SSRC is the gateway's.
  Result<void> AddAudioSender(uint32_t ssrc, int channels, DataRate bitrate);
  Result<void> AddVideoSender(uint32_t ssrc);
  Result<void> RemoveSender(uint32_t ssrc) { return publisher_.Remove(ssrc); }
  Result<void> PushAudio(uint32_t ssrc, std::span<const float> pcm, Timestamp capture_time,
                         Timestamp now) {
    return publisher_.PushAudio(ssrc, pcm, capture_time, now);
  }
  // An Opus packet of 20 ms that was made elsewhere, of a sound that is not pushed otherwise;
  // `decoded` tells how loud it is.
  Result<void> PushOpus(uint32_t ssrc, ByteSpan packet, std::span<const float> decoded,
                        Timestamp capture_time, Timestamp now) {
    return publisher_.PushOpus(ssrc, packet, decoded, capture_time, now);
  }
  Result<void> SetAudioMuted(uint32_t ssrc, bool muted) {
    return publisher_.SetAudioMuted(ssrc, muted);
  }
  // `temporal_id`: of an encoder with temporal layers, 0 or 1.
  Result<void> SendFrame(uint32_t ssrc, ByteSpan frame, bool keyframe, Timestamp capture_time,
                         Timestamp now, std::optional<uint8_t> temporal_id = std::nullopt) {
    return publisher_.SendFrame(ssrc, frame, keyframe, capture_time, now, temporal_id);
  }

  // --- Subscribing. Streams of one sync group, not 0, play in sync.
  Result<void> AddAudioReceiver(uint32_t ssrc, uint32_t sync_group);
  Result<void> AddVideoReceiver(uint32_t ssrc, uint32_t sync_group);
  Result<void> RemoveReceiver(uint32_t ssrc) { return subscriber_.Remove(ssrc); }
  Result<void> PullAudio(uint32_t ssrc, Duration downstream, Timestamp now, std::span<float> out) {
    return subscriber_.PullAudio(ssrc, downstream, now, out);
  }
  // A decoder failed.
  Result<void> RequestKeyframe(uint32_t ssrc) { return subscriber_.RequestKeyframe(ssrc); }
  // Bounds for the delay of all receivers; nullopt: the engine decides.
  void SetPlayoutDelay(std::optional<Duration> min, std::optional<Duration> max) {
    subscriber_.SetPlayoutDelay(min, max);
  }

  // --- How much may be sent.
  // For everything published together, by congestion control: what encoders have to share.
  DataRate target_bitrate() const { return publisher_.media_target(); }
  // What the encoders could use altogether at their best. Beyond the present target the session
  // probes for it; zero, as at the start: it does not.
  void SetWantedBitrate(DataRate wanted) { publisher_.SetWantedRate(wanted); }
  // Whether repair packets follow what is published where the path loses; at first they do not.
  // Only where the transport below sends what it is given: a browser's QUIC sends less for each
  // loss, and what repairs add is lost in front of it.
  void SetRepairs(bool repairs) { publisher_.SetRepairs(repairs); }
  // The session goes on over another connection: the bandwidth is estimated anew.
  void OnPathChanged() { publisher_.OnPathChanged(); }
  // How long the oldest packet has been waiting in the socket (a WebSocket's bufferedAmount), zero
  // when none is: a full socket is congestion as well.
  void SetLocalQueueDelay(Duration delay, Timestamp now) {
    publisher_.control().OnLocalQueueDelay(delay, now);
  }
  // As measured on the control channel; paces retransmission requests.
  void SetRoundTrip(Duration round_trip) { subscriber_.SetRoundTrip(round_trip); }

  // --- The network.
  Result<void> Receive(ByteSpan packet, Timestamp now);
  // What has to be done now; call until nullopt.
  std::optional<Output> Poll(Timestamp now);
  // When to poll next though nothing happens; Infinite for never.
  Timestamp NextWakeup() const;

  const AudioSender* audio_sender(uint32_t ssrc) const { return publisher_.audio(ssrc); }
  const VideoSender* video_sender(uint32_t ssrc) const { return publisher_.video(ssrc); }
  const AudioReceiver* audio_receiver(uint32_t ssrc) const { return subscriber_.audio(ssrc); }
  const VideoReceiver* video_receiver(uint32_t ssrc) const { return subscriber_.video(ssrc); }
  // Packets that were lost on their way here and given back by repair packets.
  uint64_t packets_recovered() const { return subscriber_.recovered(); }
  uint64_t outputs_dropped() const { return outputs_.dropped() + publisher_.dropped(); }

 private:
  explicit MediaSession(std::mt19937_64 random);

  // RTCP names streams of both directions by their SSRC.
  Result<void> CheckFree(uint32_t ssrc) const;
  Result<void> ReceiveRtcp(ByteSpan packet, Timestamp now);
  void OnRtcp(const rtp::SenderReport& report, Timestamp now);
  void OnRtcp(const rtp::ReceiverReport& report, Timestamp now);
  void OnRtcp(const rtp::Nack& nack, Timestamp now);
  void OnRtcp(const rtp::PictureLossIndication& loss, Timestamp now);
  void OnRtcp(const rtp::TransportFeedback& feedback, Timestamp now);
  void OnRtcp(const rtp::Bye& bye, Timestamp now);
  void OnReportBlocks(const std::vector<rtp::ReportBlock>& blocks, Timestamp now);

  OutputQueue outputs_;
  Publisher publisher_;
  Subscriber subscriber_;
};

}  // namespace ferry::session
