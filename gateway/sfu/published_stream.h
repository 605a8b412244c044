// One stream of one publisher, on the worker of the publisher's connection.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/sequence_number.h"
#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "core/transport/nack_generator.h"
#include "core/transport/reception_stats.h"
#include "core/transport/stream_beginning.h"
#include "gateway/sfu/keyframe_requester.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

class SfuWorker;

// The publisher's side: where requests about its stream go.
class PublisherSink {
 public:
  // Where nobody measures it.
  static constexpr Duration kAssumedRoundTrip = Duration::Millis(100);

  virtual ~PublisherSink() = default;
  // To the publisher and back; paces what is asked for again.
  virtual Duration round_trip() const { return kAssumedRoundTrip; }
  virtual void RequestKeyframe(uint32_t ssrc, Timestamp now) = 0;
  virtual void RequestPackets(uint32_t ssrc, std::vector<uint16_t> sequence_numbers,
                              Timestamp now) = 0;
};

class PublishedStream {
 public:
  // Sender reports that follow faster are not forwarded.
  static constexpr Duration kMinReportInterval = Duration::Millis(200);

  PublishedStream(Publication publication, PublisherSink& publisher, SfuWorker& worker);
  // Ends its subscriptions, unless it was released.
  ~PublishedStream();
  PublishedStream(const PublishedStream&) = delete;
  PublishedStream& operator=(const PublishedStream&) = delete;

  // It goes on elsewhere: its subscriptions stay.
  void Release() { released_ = true; }
  // The publisher's transport loses nothing, so that no packet is ever asked for again.
  void set_reliable(bool reliable) { reliable_ = reliable; }

  const Publication& publication() const { return publication_; }
  StreamId key() const { return publication_.key; }
  const StreamInfo& info() const { return publication_.info; }

  // From the publisher. `encoding` is the index of the packet's SSRC in the publication. False when
  // the packet is not of this stream's codec.
  // `recovered`: it was lost, and given back by repair packets.
  bool OnRtp(size_t encoding, ByteSpan bytes, const rtp::RtpPacketView& view, Timestamp now,
             bool recovered = false);
  void OnSenderReport(size_t encoding, const rtp::SenderReport& report, Timestamp now);

  void RequestKeyframe(size_t encoding, Timestamp now);
  // Sends requests that have become due.
  void Tick(Timestamp now);
  // For the receiver report to the publisher; those encodings that have been heard of.
  void AppendReportBlocks(std::vector<rtp::ReportBlock>& blocks, Timestamp now);

  const std::optional<rtp::SenderReport>& last_report() const { return last_report_; }
  // Other workers with subscribers of it, as bits; SfuWorker's.
  uint64_t workers() const { return other_workers_; }
  void set_workers(uint64_t workers) { other_workers_ = workers; }

 private:
  struct Encoding {
    explicit Encoding(int clock_rate) : reception(clock_rate) {}
    Unwrapper<uint16_t> sequence;
    KeyframeRequester keyframes;
    transport::ReceptionStats reception;
    transport::NackGenerator nacks;
    transport::StreamBeginning beginning;  // of video, a key frame
  };

  bool wanted() const;  // by any subscriber
  // Asks for packets that are missing and due.
  void RequestMissing(size_t encoding, Timestamp now);
  uint32_t ssrc(size_t encoding) const { return publication_.encodings[encoding].ssrc; }

  const Publication publication_;
  bool reliable_ = true;
  bool released_ = false;
  uint64_t other_workers_ = 0;
  PublisherSink& publisher_;
  SfuWorker& worker_;
  std::vector<Encoding> encodings_;
  std::optional<rtp::SenderReport> last_report_;
  std::optional<Timestamp> last_forwarded_;
};

}  // namespace ferry::gateway
