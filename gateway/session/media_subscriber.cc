#include "gateway/session/media_subscriber.h"

#include <algorithm>
#include <utility>

#include "gateway/sfu/stream_fanout.h"

namespace ferry::gateway {

MediaSubscriber::MediaSubscriber(SfuWorker& worker, MediaSender& sender, const MediaPublisher& own,
                                 MediaEndpointListener& listener)
    : worker_(worker),
      metrics_(worker.metrics()),
      sender_(sender),
      own_(own),
      listener_(listener) {}

MediaSubscriber::~MediaSubscriber() { Clear(); }

void MediaSubscriber::Add(const SubscriptionRequest& request, const SubscriberNumbers& numbers,
                          Timestamp now) {
  SubscriberSink& sink = *this;
  subscriptions_.push_back(std::make_unique<Subscription>(worker_, request, sink, numbers, now));
  by_ssrc_[request.ssrc] = subscriptions_.back().get();
  metrics_.subscriptions.Add(1);
  // Not here: requests come in bursts, and while others wait for the control plane.
  allocation_due_ = true;
}

const Subscription* MediaSubscriber::Find(StreamId key) const {
  const auto found = std::ranges::find(
      subscriptions_, key, [](const auto& subscription) { return subscription->key(); });
  return found == subscriptions_.end() ? nullptr : found->get();
}

const Subscription* MediaSubscriber::Find(std::string_view stream_id) const {
  const auto found = std::ranges::find(subscriptions_, stream_id, [](const auto& subscription) {
    return std::string_view(subscription->request().info.stream_id);
  });
  return found == subscriptions_.end() ? nullptr : found->get();
}

Subscription* MediaSubscriber::FindBySsrc(uint32_t ssrc) const {
  const auto found = by_ssrc_.find(ssrc);
  return found == by_ssrc_.end() ? nullptr : found->second;
}

void MediaSubscriber::Remove(StreamId key) {
  if (const Subscription* found = Find(key)) OnStreamEnded(found->ssrc());
}

void MediaSubscriber::Clear() {
  while (!subscriptions_.empty()) OnStreamEnded(subscriptions_.back()->ssrc());
}

void MediaSubscriber::SetPreference(StreamId key, const LayerPreference& preference) {
  const Subscription* found = Find(key);
  if (found == nullptr) return;
  FindBySsrc(found->ssrc())->set_preference(preference);
  allocation_due_ = true;
}

void MediaSubscriber::Restart(Timestamp now) {
  for (const auto& subscription : subscriptions_) subscription->Restart(now);
}

void MediaSubscriber::OnNack(const rtp::Nack& nack, Timestamp now) {
  metrics_.nacked_packets.Add(static_cast<int64_t>(nack.sequence_numbers.size()));
  if (auto* found = FindBySsrc(nack.media_ssrc)) {
    metrics_.retransmissions.Add(static_cast<int64_t>(found->OnNack(nack.sequence_numbers, now)));
  }
}

void MediaSubscriber::OnPictureLoss(const rtp::PictureLossIndication& loss, Timestamp now) {
  if (auto* found = FindBySsrc(loss.media_ssrc)) found->OnPictureLoss(now);
}

void MediaSubscriber::SendMedia(OutgoingPacket packet, bool video) {
  sender_.SendMedia(std::move(packet), video);
}

bool MediaSubscriber::SendRetransmission(OutgoingPacket packet) {
  return sender_.SendRetransmission(std::move(packet));
}

void MediaSubscriber::SendReport(const rtp::SenderReport& report, Timestamp now) {
  sender_.SendRtcp(report, now);
}

void MediaSubscriber::OnStreamEnded(uint32_t ssrc) {
  const auto found = std::ranges::find(
      subscriptions_, ssrc, [](const auto& subscription) { return subscription->ssrc(); });
  if (found == subscriptions_.end()) return;
  sender_.Forget((*found)->outgoing());
  by_ssrc_.erase(ssrc);
  subscriptions_.erase(found);
  metrics_.subscriptions.Add(-1);
}

void MediaSubscriber::OnLayerChanged(const Subscription& subscription) {
  metrics_.layer_changes.Add();
  listener_.OnLayerChanged(subscription.request(), subscription.forwarded_layer());
}

void MediaSubscriber::Tick(Timestamp now) {
  if (allocation_due_ || !last_allocation_ || now - *last_allocation_ >= kAllocationInterval) {
    Allocate(now);
  }
}

void MediaSubscriber::Allocate(Timestamp now) {
  last_allocation_ = now;
  allocation_due_ = false;
  demands_.clear();
  for (const auto& subscription : subscriptions_) {
    demands_.push_back(subscription->video()
                           ? DemandOf(subscription->fanout().encodings(),
                                      subscription->fanout().rates(),
                                      subscription->request().preference, subscription->wanted())
                           : VideoDemand{});
  }
  const bool may_raise = !last_lowered_ || now - *last_lowered_ >= kRaiseDelay;
  const DataRate budget = sender_.video_budget().value_or(DataRate::BitsPerSec(INT64_MAX));
  AllocateLayers(budget, may_raise ? std::optional(kRaiseHeadroom) : std::nullopt, demands_);
  for (size_t i = 0; i < subscriptions_.size(); ++i) {
    if (!subscriptions_[i]->video()) continue;
    const VideoDemand& demand = demands_[i];
    if (demand.chosen < demand.current && subscriptions_[i]->encoding()) last_lowered_ = now;
    const VideoLayer layer = demand.chosen == 0 ? VideoLayer{.encoding = std::nullopt}
                                                : demand.options[demand.chosen - 1].layer;
    subscriptions_[i]->SetLayer(layer, now);
  }
  wanted_rate_ = WantedRate(demands_);
}

}  // namespace ferry::gateway
