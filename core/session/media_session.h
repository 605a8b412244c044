// All media of one connection: what is published and what is subscribed to, their RTCP, and the
// synchronisation between them.
//
// Sans-I/O: packets and samples go in with the time, and what has to be done comes out of Poll.
// Times are Unix epoch, so that sender reports and capture times need no second clock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <variant>
#include <vector>

#include "core/base/sequence_number.h"
#include "core/session/audio_receiver.h"
#include "core/session/audio_sender.h"
#include "core/session/av_sync.h"
#include "core/session/video_receiver.h"
#include "core/session/video_sender.h"
#include "core/transport/arrival_recorder.h"
#include "core/transport/paced_sender.h"

namespace ferry::session {

enum class PacketKind { kAudio, kVideo, kControl };

// Send these bytes to the other side.
struct SendPacket {
  PacketKind kind = PacketKind::kControl;
  std::vector<uint8_t> bytes;
};
// Decode this frame now and show it.
struct DecodeFrame {
  uint32_t ssrc = 0;
  VideoReceiver::Frame frame;
};
// Encode the next frame of this published video as a key frame.
struct EncodeKeyframe {
  uint32_t ssrc = 0;
};
using Output = std::variant<SendPacket, DecodeFrame, EncodeKeyframe>;

class MediaSession {
 public:
  // Streams of each direction and kind; the gateway allows fewer.
  static constexpr size_t kMaxStreams = 128;
  // Packets waiting for Poll; beyond it the oldest go. A caller that polls after every call never
  // comes near: the largest frame is about 3 900 packets.
  static constexpr size_t kMaxOutputs = 8192;

  explicit MediaSession(uint64_t seed);

  // --- Publishing; the SSRC is the gateway's.
  Result<void> AddAudioSender(uint32_t ssrc, int channels, DataRate bitrate);
  Result<void> AddVideoSender(uint32_t ssrc);
  Result<void> RemoveSender(uint32_t ssrc);
  Result<void> PushAudio(uint32_t ssrc, std::span<const float> pcm, Timestamp capture_time,
                         Timestamp now);
  // An Opus packet of 20 ms that was made elsewhere, of a sound that is not pushed otherwise;
  // `decoded` tells how loud it is.
  Result<void> PushOpus(uint32_t ssrc, ByteSpan packet, std::span<const float> decoded,
                        Timestamp capture_time, Timestamp now);
  Result<void> SetAudioMuted(uint32_t ssrc, bool muted);
  // `temporal_id`: of an encoder with temporal layers, 0 or 1.
  Result<void> SendFrame(uint32_t ssrc, ByteSpan frame, bool keyframe, Timestamp capture_time,
                         Timestamp now, std::optional<uint8_t> temporal_id = std::nullopt);

  // --- Subscribing. Streams of one sync group, not 0, play in sync.
  Result<void> AddAudioReceiver(uint32_t ssrc, uint32_t sync_group);
  Result<void> AddVideoReceiver(uint32_t ssrc, uint32_t sync_group);
  Result<void> RemoveReceiver(uint32_t ssrc);
  Result<void> PullAudio(uint32_t ssrc, Duration downstream, Timestamp now, std::span<float> out);
  // A decoder failed.
  Result<void> RequestKeyframe(uint32_t ssrc);
  // Bounds for the delay of all receivers; nullopt: the engine decides.
  void SetPlayoutDelay(std::optional<Duration> min, std::optional<Duration> max);
  // --- How much may be sent.
  // For everything published together, by congestion control: what encoders have to share.
  DataRate target_bitrate() const { return sender_.control().target(); }
  // What the encoders could use altogether at their best. Beyond the present target the session
  // probes for it; zero, as at the start: it does not.
  void SetWantedBitrate(DataRate wanted) { sender_.control().SetWantedRate(wanted); }
  // The session goes on over another connection: the bandwidth is estimated anew.
  void OnPathChanged() { sender_.control().OnPathChanged(); }
  // How long the oldest packet has been waiting in the socket (a WebSocket's bufferedAmount), zero
  // when none is: a full socket is congestion as well.
  void SetLocalQueueDelay(Duration delay, Timestamp now) {
    sender_.control().OnLocalQueueDelay(delay, now);
  }

  // As measured on the control channel; paces retransmission requests.
  void SetRoundTrip(Duration round_trip) { round_trip_ = round_trip; }

  // --- The network.
  Result<void> Receive(ByteSpan packet, Timestamp now);
  // What has to be done now; call until nullopt.
  std::optional<Output> Poll(Timestamp now);
  // When to poll next though nothing happens; Infinite for never.
  Timestamp NextWakeup() const;

  const AudioSender* audio_sender(uint32_t ssrc) const;
  const VideoSender* video_sender(uint32_t ssrc) const;
  const AudioReceiver* audio_receiver(uint32_t ssrc) const;
  const VideoReceiver* video_receiver(uint32_t ssrc) const;
  uint64_t outputs_dropped() const { return outputs_dropped_ + sender_.dropped(); }

 private:
  template <typename Receiver>
  struct RemoteStream {
    uint32_t sync_group = 0;
    Unwrapper<uint16_t> sequence;
    Receiver receiver;
  };
  using RemoteAudio = RemoteStream<AudioReceiver>;
  using RemoteVideo = RemoteStream<VideoReceiver>;

  RtpSender* FindSender(uint32_t ssrc);
  RtpSenderConfig NewSource(uint32_t ssrc, uint8_t payload_type, int clock_rate_hz);
  Result<void> CheckNew(uint32_t ssrc) const;
  void Emit(Output output);
  void EmitAudio(rtp::RtpPacket packet, Timestamp now);
  // What `push` makes in made_.
  template <typename Push>
  Result<void> SendAudio(uint32_t ssrc, Timestamp now, const Push& push);
  void EmitRtcp(const rtp::RtcpPacket& packet);
  Result<void> ReceiveRtp(ByteSpan packet, Timestamp now);
  Result<void> ReceiveRtcp(ByteSpan packet, Timestamp now);
  void OnRtcp(const rtp::SenderReport& report, Timestamp now);
  void OnRtcp(const rtp::ReceiverReport& report, Timestamp now);
  void OnRtcp(const rtp::Nack& nack, Timestamp now);
  void OnRtcp(const rtp::PictureLossIndication& pli, Timestamp now);
  void OnRtcp(const rtp::TransportFeedback& feedback, Timestamp now);
  void OnRtcp(const rtp::Bye& bye, Timestamp now);
  void OnReportBlocks(const std::vector<rtp::ReportBlock>& blocks, Timestamp now);
  void SendReports(Timestamp now);
  void RunTimers(Timestamp now);
  void RunVideoReceivers(Timestamp now);
  void Synchronise(Timestamp now);
  void ApplyDelays(AudioReceiver& audio, Duration sync_minimum);
  void ApplyDelays(VideoReceiver& video, Duration sync_minimum);

  std::mt19937_64 random_;
  std::map<uint32_t, AudioSender> audio_senders_;
  std::map<uint32_t, VideoSender> video_senders_;
  std::map<uint32_t, std::unique_ptr<RemoteAudio>> audio_receivers_;
  std::map<uint32_t, std::unique_ptr<RemoteVideo>> video_receivers_;
  std::map<uint32_t, AvSync> sync_groups_;
  transport::ArrivalRecorder arrivals_;
  transport::PacedSender sender_;
  // Of every video sender: the encodings of one picture have one clock, so that a gateway may go
  // from one to the other.
  uint32_t video_timestamp_offset_ = 0;
  uint32_t reporter_ssrc_ = 0;  // of feedback, when nothing is published
  Duration round_trip_ = Duration::Millis(100);
  std::optional<Duration> min_delay_;
  std::optional<Duration> max_delay_;
  std::optional<Timestamp> next_report_;
  std::optional<Timestamp> next_feedback_;
  std::vector<rtp::RtpPacket> made_;  // scratch
  std::deque<Output> outputs_;
  uint64_t outputs_dropped_ = 0;
};

}  // namespace ferry::session
