// A published stream that no connection of ours owns, fed by whoever has its packets: a player of
// files, a mixer, a receiver of plain RTP or WHIP, another node. Its packets come in under the
// source's own payload type and header extension ids, and are published under those of the
// protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream.h"

namespace ferry::gateway {

// How a source writes its RTP.
struct SourceFormat {
  uint8_t payload_type = 0;
  rtp::ExtensionIds extensions;
};

// What is asked of a source, each with the index of the encoding it is asked of.
class SourceRequests {
 public:
  virtual ~SourceRequests() = default;
  virtual void RequestKeyframe(size_t encoding, Timestamp now) = 0;
  virtual void RequestPackets(size_t encoding, const std::vector<uint16_t>& sequence_numbers,
                              Timestamp now) = 0;
};

// Belongs to the thread of its worker. Ends the stream when it ends.
class StreamSource final : private PublisherSink {
 public:
  // `lossy`: the way from the source may lose packets, and they are asked for again. The SSRCs of
  // the publication are those that the packets get.
  StreamSource(const Publication& publication, const SourceFormat& format, bool lossy,
               SourceRequests& requests, SfuWorker& worker);

  // A packet of one encoding, whatever its SSRC. The timestamps of all encodings are of one clock.
  // False when it is malformed, too large, or of another payload type.
  bool OnRtp(size_t encoding, ByteSpan packet, Timestamp now);
  void OnSenderReport(size_t encoding, const rtp::SenderReport& report, Timestamp now);

  const Publication& publication() const { return stream_.publication(); }

 private:
  void RequestKeyframe(uint32_t ssrc, Timestamp now) override;
  void RequestPackets(uint32_t ssrc, std::vector<uint16_t> sequence_numbers,
                      Timestamp now) override;
  size_t EncodingOf(uint32_t ssrc) const;

  const SourceFormat format_;
  SourceRequests& requests_;
  PublishedStream stream_;
};

}  // namespace ferry::gateway
