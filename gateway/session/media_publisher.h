// What one client publishes: its streams, their packets, and the reports about what arrived.
// Sans-I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/units.h"
#include "core/fec/fec_decoder.h"
#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "core/transport/arrival_recorder.h"
#include "gateway/base/metrics.h"
#include "gateway/session/media_sender.h"
#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

class MediaPublisher final : private PublisherSink {
 public:
  // Requests and reports go out by `sender`, as from `own_ssrc`.
  MediaPublisher(SfuWorker& worker, MediaSender& sender, uint32_t own_ssrc);

  void Publish(const Publication& publication);
  // The end of a stream ends its subscriptions, on all workers.
  void Unpublish(StreamId key);
  void Clear() { streams_.clear(); }
  std::vector<Publication> publications() const;
  // The streams go on elsewhere, their subscribers stay.
  void Release();
  // There is another connection, or none.
  void OnAttached();

  // False when the packet is malformed.
  bool OnRtp(ByteSpan packet, Timestamp now);
  void OnSenderReport(const rtp::SenderReport& report, Timestamp now);
  // Feedback and reports.
  void Tick(Timestamp now);

  // Whether its own voice is among the loudest of its room, on this worker.
  bool speaks() const;

 private:
  static constexpr Duration kFeedbackInterval = Duration::Millis(100);
  static constexpr Duration kReportInterval = Duration::Millis(1000);

  Duration round_trip() const override { return sender_.round_trip(); }
  void RequestKeyframe(uint32_t ssrc, Timestamp now) override;
  void RequestPackets(uint32_t ssrc, std::vector<uint16_t> sequence_numbers,
                      Timestamp now) override;

  // Of a packet that came, or was given back by repair packets.
  void OnMedia(ByteSpan packet, const rtp::RtpPacketView& view, bool recovered, Timestamp now);
  void ForwardRecovered(Timestamp now);
  PublishedStream* Find(uint32_t ssrc, size_t& encoding);
  void SendFeedback(Timestamp now);
  void SendReceiverReport(Timestamp now);

  SfuWorker& worker_;
  Metrics& metrics_;
  MediaSender& sender_;
  const uint32_t own_ssrc_;
  std::vector<std::unique_ptr<PublishedStream>> streams_;
  transport::ArrivalRecorder arrivals_;
  fec::FecDecoder fec_;
  std::optional<Timestamp> last_feedback_;
  std::optional<Timestamp> last_report_;
};

}  // namespace ferry::gateway
