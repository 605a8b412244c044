// The media of one client on one worker: what it publishes, what it is subscribed to, its RTCP, and
// what is to be sent to it. Sans-I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/token_bucket.h"
#include "core/base/units.h"
#include "gateway/base/metrics.h"
#include "gateway/session/media_publisher.h"
#include "gateway/session/media_rtcp.h"
#include "gateway/session/media_sender.h"
#include "gateway/session/media_subscriber.h"
#include "gateway/sfu/send_queue.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream.h"
#include "gateway/sfu/subscription.h"
#include "net/connection.h"

namespace ferry::gateway {

struct MediaLimits {
  SendQueue::Limits queue;
  size_t max_subscriptions = 400;
  // Of one publisher, all its streams and RTCP together; far above what the SDK ever sends.
  DataRate max_publish_rate = DataRate::KilobitsPerSec(20'000);
  int64_t max_publish_packets_per_second = 5'000;
};

// What moves with a session to another worker. Plain data.
struct MediaState {
  struct Subscribed {
    SubscriptionRequest request;
    SubscriberNumbers numbers;
  };
  uint32_t own_ssrc = 0;
  uint16_t next_transport_sequence = 0;
  std::vector<Publication> publications;
  std::vector<Subscribed> subscriptions;
};

// Belongs to one worker's thread; lives as long as the session is on that worker, with or without a
// connection.
class MediaEndpoint {
 public:
  // `own_ssrc` is the sender of the RTCP to this client; as unique as those of its streams.
  MediaEndpoint(const MediaLimits& limits, SfuWorker& worker, MediaEndpointListener& listener,
                uint32_t own_ssrc);
  ~MediaEndpoint();
  MediaEndpoint(const MediaEndpoint&) = delete;
  MediaEndpoint& operator=(const MediaEndpoint&) = delete;

  // From another worker's TakeState.
  static std::unique_ptr<MediaEndpoint> FromState(const MediaLimits& limits, SfuWorker& worker,
                                                  MediaEndpointListener& listener, MediaState state,
                                                  Timestamp now);
  // Leaves nothing behind: the streams published here go on elsewhere, their subscribers stay.
  MediaState TakeState();

  // Without a connection, what is to be sent is dropped; video goes on at a key frame afterwards.
  void Attach(net::Connection& connection, Timestamp now);
  void Suspend() { sender_.Suspend(); }

  // False when the packet is malformed (a fault of the client, not of the network).
  bool OnPacket(ByteSpan packet, Timestamp now);

  // Streams this client publishes. The end of one ends its subscriptions, on all workers.
  void Publish(const Publication& publication) { publisher_.Publish(publication); }
  void Unpublish(StreamId key) { publisher_.Unpublish(key); }

  // False when the limit is reached. A second subscription to one stream changes nothing.
  bool Subscribe(const SubscriptionRequest& request, Timestamp now);
  void Unsubscribe(StreamId key) { subscriber_.Remove(key); }
  // Followed at the next Tick.
  void SetLayerPreference(StreamId key, const LayerPreference& preference) {
    subscriber_.SetPreference(key, preference);
  }
  // What is subscribed to, as it stands now: kept here and nowhere else. Null without one.
  const SubscriptionRequest* Subscribed(StreamId key) const;
  const SubscriptionRequest* Subscribed(std::string_view stream_id) const;
  // Out of the room: nothing is published or subscribed any more.
  void Clear();

  // The next frame; the bytes stay until the next call, of any endpoint of the worker.
  bool NextFrame(net::OutgoingFrame& frame, Timestamp now) { return sender_.NextFrame(frame, now); }
  bool stalled(Timestamp now) const { return sender_.stalled(now); }
  size_t queued_bytes() const { return sender_.queued_bytes(); }

  // Periodic work: feedback, reports, requests.
  void Tick(Timestamp now);

  // What the subscriber's way is thought to carry.
  DataRate estimate() const { return sender_.estimate(); }

 private:
  const MediaLimits limits_;
  Metrics& metrics_;
  const uint32_t own_ssrc_;  // sender of our RTCP
  TokenBucket publish_bits_;
  TokenBucket publish_packets_;
  MediaSender sender_;
  MediaPublisher publisher_;
  MediaSubscriber subscriber_;
  MediaRtcp rtcp_;
};

}  // namespace ferry::gateway
