// What is sent to one client: the queue, what the path carries, and the packets as the transport
// takes them, whatever connection the client has at present. Sans-I/O.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/units.h"
#include "core/fec/fec_sender.h"
#include "core/rtp/rtcp.h"
#include "gateway/base/metrics.h"
#include "gateway/sfu/send_queue.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/subscriber_bandwidth.h"
#include "net/connection.h"

namespace ferry::gateway {

class MediaSender final : private SendQueue::Listener {
 public:
  MediaSender(const SendQueue::Limits& limits, SfuWorker& worker);
  ~MediaSender() override;

  // Without a connection, what is to be sent is dropped.
  void Attach(net::Connection& connection);
  void Suspend();
  bool attached() const { return connection_ != nullptr; }
  bool reliable() const { return connection_ == nullptr || connection_->reliable(); }

  // To the client and back, as far as its connection knows, else as long as its feedback takes.
  Duration round_trip() const;

  void SendMedia(OutgoingPacket packet, bool video);
  // False when more may not be sent again for now.
  bool SendRetransmission(OutgoingPacket packet);
  void SendRtcp(const rtp::RtcpPacket& packet, Timestamp now);
  // A stream is about to end: nothing of it is sent any more.
  void Forget(OutgoingStream& stream);

  void OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now);
  // The next frame; the bytes stay until the next call, of any endpoint of the worker.
  bool NextFrame(net::OutgoingFrame& frame, Timestamp now);
  // `wanted_video`: what the client's subscriptions would take.
  void Tick(DataRate wanted_video, Timestamp now);
  // To be called after Tick has let layers change: probes may be due.
  void SendPadding(Timestamp now);

  bool stalled(Timestamp now) const { return queue_.stalled(now); }
  size_t queued_bytes() const { return queue_.bytes(); }
  DataRate estimate() const { return bandwidth_.target(); }
  // What of it video may have; nullopt when nothing limits it.
  std::optional<DataRate> video_budget() const {
    if (!bandwidth_.steered()) return std::nullopt;
    return bandwidth_.video_budget() * (1 / (1 + fec_.protection().video));
  }

  // The transport-wide numbers go on wherever the session goes.
  uint16_t next_transport_sequence() const { return next_transport_sequence_; }
  void set_next_transport_sequence(uint16_t number) { next_transport_sequence_ = number; }

 private:
  // Video packets remembered to be sent again as padding.
  static constexpr size_t kPaddingPackets = 8;

  void OnVideoDropped(size_t packets) override;
  void OnAudioDropped() override;

  // False when the path does not carry it: publishers on other paths send larger packets.
  bool GiveMedia(OutgoingPacket packet, net::OutgoingFrame& frame, Timestamp now);
  void GivePadding(net::OutgoingFrame& frame, Timestamp now);
  // The repair packet that is due, if one is.
  bool GiveRepair(net::OutgoingFrame& frame, Timestamp now);
  bool GiveRepairOf(rtp::MediaKind kind, net::OutgoingFrame& frame, Timestamp now);
  // The packet as the subscriber gets it; false when it does not fit the path.
  bool Write(const OutgoingStream& stream, const OutgoingPacket& packet, net::OutgoingFrame& frame,
             std::optional<uint16_t>& number);
  void Account(std::optional<uint16_t> transport_sequence, bool audio, net::OutgoingFrame& frame,
               Timestamp now);
  void Wake(Timestamp now);
  bool held() const { return held_round_ == worker_.wakes().round(); }

  SfuWorker& worker_;
  Metrics& metrics_;
  net::Connection* connection_ = nullptr;
  SendQueue queue_;
  SubscriberBandwidth bandwidth_;
  uint16_t next_transport_sequence_ = 0;
  // The transport was woken and has not taken all since.
  std::optional<Timestamp> waiting_since_;
  uint64_t held_round_ = 0;  // of the wake scheduler, in which video waits for the pacer

  // What was sent last of video: probes repeat it when there is nothing else to send.
  struct Repeatable {
    const OutgoingStream* stream = nullptr;
    uint16_t sequence_number = 0;
  };
  std::array<Repeatable, kPaddingPackets> recent_;
  size_t next_recent_ = 0;

  fec::FecSender fec_;
  SendQueue::Rtcp frame_rtcp_;  // the last given out
  rtp::RtpPacket frame_repair_;
};

}  // namespace ferry::gateway
