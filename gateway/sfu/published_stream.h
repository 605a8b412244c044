// One stream of one publisher, and the subscriptions it is forwarded to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "core/transport/nack_generator.h"
#include "core/transport/reception_stats.h"
#include "gateway/sfu/keyframe_requester.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

class Subscription;

// The publisher's side: where requests about its stream go.
class PublisherSink {
 public:
  virtual ~PublisherSink() = default;
  virtual void RequestKeyframe(uint32_t ssrc, Timestamp now) = 0;
  virtual void RequestPackets(uint32_t ssrc, std::vector<uint16_t> sequence_numbers,
                              Timestamp now) = 0;
};

class PublishedStream {
 public:
  // Sender reports that follow faster are not forwarded.
  static constexpr Duration kMinReportInterval = Duration::Millis(200);

  // `reliable`: the publisher's transport loses nothing, so that no packet is ever asked for again.
  PublishedStream(StreamInfo info, uint32_t ssrc, bool reliable, PublisherSink& publisher);
  // Ends its subscriptions.
  ~PublishedStream();
  PublishedStream(const PublishedStream&) = delete;
  PublishedStream& operator=(const PublishedStream&) = delete;

  const StreamInfo& info() const { return info_; }
  uint32_t ssrc() const { return ssrc_; }
  void set_muted(bool muted) { info_.muted = muted; }

  // From the publisher. False when the packet is not of this stream's codec.
  bool OnRtp(ByteSpan bytes, const rtp::RtpPacketView& view, PacketPool& pool, Timestamp now);
  void OnSenderReport(const rtp::SenderReport& report, Timestamp now);

  // A subscription is added once and takes itself out when it ends. A key frame is asked for at
  // once when it is of video.
  void Add(Subscription& subscription, Timestamp now);
  void Remove(Subscription& subscription);
  const std::vector<Subscription*>& subscriptions() const { return subscriptions_; }

  void RequestKeyframe(Timestamp now);
  // Sends requests that have become due.
  void Tick(Timestamp now);
  // For the receiver report to the publisher; nullopt before the first packet.
  std::optional<rtp::ReportBlock> BuildReportBlock(Timestamp now);

 private:
  StreamInfo info_;
  const uint32_t ssrc_;
  const bool reliable_;
  PublisherSink& publisher_;
  std::vector<Subscription*> subscriptions_;
  KeyframeRequester keyframes_;
  transport::ReceptionStats reception_;
  transport::NackGenerator nacks_;
  std::optional<rtp::SenderReport> last_report_;
  std::optional<Timestamp> last_forwarded_;
};

}  // namespace ferry::gateway
