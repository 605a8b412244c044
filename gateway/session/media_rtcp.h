// The RTCP of one client: what it tells goes to the part of its media that it is about. Sans-I/O.
#pragma once

#include <vector>

#include "core/base/token_bucket.h"
#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "gateway/base/metrics.h"
#include "gateway/session/media_publisher.h"
#include "gateway/session/media_sender.h"
#include "gateway/session/media_subscriber.h"

namespace ferry::gateway {

class MediaRtcp {
 public:
  // RTCP counts as one more packet for each so many arrivals or lost packets that it tells of: a
  // few bytes tell of thousands.
  static constexpr size_t kToldPerPacket = 32;

  // `packets`: of the client, as many as it may send.
  MediaRtcp(Metrics& metrics, TokenBucket& packets, MediaPublisher& publisher,
            MediaSubscriber& subscriber, MediaSender& sender)
      : metrics_(metrics),
        packets_(packets),
        publisher_(publisher),
        subscriber_(subscriber),
        sender_(sender) {}

  // False when it is malformed.
  bool OnPacket(ByteSpan packet, Timestamp now);

 private:
  bool Admit(const std::vector<rtp::RtcpPacket>& parts, Timestamp now);
  void OnPart(const rtp::RtcpPacket& part, Timestamp now);

  Metrics& metrics_;
  TokenBucket& packets_;
  MediaPublisher& publisher_;
  MediaSubscriber& subscriber_;
  MediaSender& sender_;
};

}  // namespace ferry::gateway
