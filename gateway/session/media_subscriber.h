// What one client is subscribed to, and which layers of it its bandwidth and its tiles ask for.
// Sans-I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "gateway/base/metrics.h"
#include "gateway/session/media_publisher.h"
#include "gateway/session/media_sender.h"
#include "gateway/sfu/layer_allocator.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream.h"
#include "gateway/sfu/subscription.h"

namespace ferry::gateway {

class MediaEndpointListener {
 public:
  virtual ~MediaEndpointListener() = default;
  // Another layer of this stream is being forwarded, or none. Must not change the endpoint.
  virtual void OnLayerChanged(const SubscriptionRequest& subscription, ForwardedLayer layer) = 0;
};

class MediaSubscriber final : private SubscriberSink {
 public:
  // Media goes out by `sender`; `own` is what the same client publishes.
  MediaSubscriber(SfuWorker& worker, MediaSender& sender, const MediaPublisher& own,
                  MediaEndpointListener& listener);
  ~MediaSubscriber() override;

  // A subscription that begins, or goes on from another worker.
  void Add(const SubscriptionRequest& request, const SubscriberNumbers& numbers, Timestamp now);
  void Remove(StreamId key);
  void Clear();
  // Followed at the next Tick.
  void SetPreference(StreamId key, const LayerPreference& preference);
  // Null without one.
  const Subscription* Find(StreamId key) const;
  const Subscription* Find(std::string_view stream_id) const;
  const std::vector<std::unique_ptr<Subscription>>& subscriptions() const { return subscriptions_; }
  // The client was away: video goes on at a key frame.
  void Restart(Timestamp now);

  void OnNack(const rtp::Nack& nack, Timestamp now);
  void OnPictureLoss(const rtp::PictureLossIndication& loss, Timestamp now);

  // Chooses layers when it is time.
  void Tick(Timestamp now);
  // What all its videos would take.
  DataRate wanted_rate() const { return wanted_rate_; }

 private:
  static constexpr Duration kAllocationInterval = Duration::Millis(100);
  // After layers were lowered nothing is raised for so long.
  static constexpr Duration kRaiseDelay = Duration::Millis(2'000);
  // What is raised has to fit with so much to spare.
  static constexpr double kRaiseHeadroom = 1.15;

  // SubscriberSink.
  void SendMedia(OutgoingPacket packet, bool video) override;
  bool SendRetransmission(OutgoingPacket packet) override;
  Duration round_trip() const override { return sender_.round_trip(); }
  void SendReport(const rtp::SenderReport& report, Timestamp now) override;
  void OnStreamEnded(uint32_t ssrc) override;
  void OnLayerChanged(const Subscription& subscription) override;
  bool speaks() const override { return own_.speaks(); }

  Subscription* FindBySsrc(uint32_t ssrc) const;
  void Allocate(Timestamp now);

  SfuWorker& worker_;
  Metrics& metrics_;
  MediaSender& sender_;
  const MediaPublisher& own_;
  MediaEndpointListener& listener_;
  std::vector<std::unique_ptr<Subscription>> subscriptions_;
  std::unordered_map<uint32_t, Subscription*> by_ssrc_;
  // Of the last allocation, by subscription; kept for its memory.
  std::vector<VideoDemand> demands_;
  DataRate wanted_rate_;  // by those
  std::optional<Timestamp> last_allocation_;
  bool allocation_due_ = false;  // what is wanted has changed since
  std::optional<Timestamp> last_lowered_;
};

}  // namespace ferry::gateway
