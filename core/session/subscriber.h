// What one connection is subscribed to: its streams, what is reported and asked for about them, and
// the synchronisation between them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "core/base/sequence_number.h"
#include "core/fec/fec_decoder.h"
#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "core/session/audio_receiver.h"
#include "core/session/av_sync.h"
#include "core/session/output.h"
#include "core/session/video_receiver.h"
#include "core/transport/arrival_recorder.h"

namespace ferry::session {

class Subscriber {
 public:
  // `reporter_ssrc`: the sender of its reports and requests. They, and frames to decode, go to
  // `outputs`.
  Subscriber(uint32_t reporter_ssrc, OutputQueue& outputs)
      : reporter_ssrc_(reporter_ssrc), outputs_(outputs) {}
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  Result<void> AddAudio(uint32_t ssrc, uint32_t sync_group);
  Result<void> AddVideo(uint32_t ssrc, uint32_t sync_group);
  Result<void> Remove(uint32_t ssrc);
  bool Has(uint32_t ssrc) const { return audio_.contains(ssrc) || video_.contains(ssrc); }

  Result<void> PullAudio(uint32_t ssrc, Duration downstream, Timestamp now, std::span<float> out);
  Result<void> RequestKeyframe(uint32_t ssrc);
  void SetPlayoutDelay(std::optional<Duration> min, std::optional<Duration> max);
  // Paces retransmission requests.
  void SetRoundTrip(Duration round_trip) { round_trip_ = round_trip; }

  Result<void> Receive(ByteSpan packet, Timestamp now);
  // Packets that were lost and given back by repair packets.
  uint64_t recovered() const { return fec_.recovered(); }
  void OnSenderReport(const rtp::SenderReport& report, Timestamp now);

  // Gives out frames, and sends reports and requests, that have become due.
  void RunTimers(Timestamp now);
  Timestamp NextWakeup() const;

  const AudioReceiver* audio(uint32_t ssrc) const;
  const VideoReceiver* video(uint32_t ssrc) const;

 private:
  template <typename Receiver>
  struct Stream {
    uint32_t sync_group = 0;
    Unwrapper<uint16_t> sequence;
    Receiver receiver;
  };
  template <typename Receiver>
  using Streams = std::map<uint32_t, std::unique_ptr<Stream<Receiver>>>;

  template <typename Receiver>
  Result<void> Add(Streams<Receiver>& streams, uint32_t ssrc, uint32_t sync_group);
  // Of a packet that came, or was given back.
  Result<void> ReceiveMedia(ByteSpan packet, const rtp::RtpPacketView& view, bool recovered,
                            Timestamp now);
  void ReceiveRecovered(Timestamp now);
  void RunVideo(Timestamp now);
  void SendFeedback();
  void SendReports(Timestamp now);
  void Synchronise(Timestamp now);
  // Of every stream, as its group and the page ask for.
  void ApplyAllDelays();
  void ApplyDelays(AudioReceiver& audio, Duration sync_minimum);
  void ApplyDelays(VideoReceiver& video, Duration sync_minimum);

  const uint32_t reporter_ssrc_;
  OutputQueue& outputs_;
  Streams<AudioReceiver> audio_;
  Streams<VideoReceiver> video_;
  std::map<uint32_t, AvSync> sync_groups_;
  transport::ArrivalRecorder arrivals_;
  fec::FecDecoder fec_;
  Duration round_trip_ = Duration::Millis(100);
  std::optional<Duration> min_delay_;
  std::optional<Duration> max_delay_;
  std::optional<Timestamp> next_report_;
  std::optional<Timestamp> next_feedback_;
};

}  // namespace ferry::session
