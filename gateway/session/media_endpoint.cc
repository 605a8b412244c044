#include "gateway/session/media_endpoint.h"

#include <algorithm>
#include <utility>

#include "gateway/sfu/stream_fanout.h"

namespace ferry::gateway {
namespace {

// Burst allowances: a key frame leaves at once.
constexpr double kBurstSeconds = 1.0;

}  // namespace

MediaEndpoint::MediaEndpoint(const MediaLimits& limits, SfuWorker& worker,
                             MediaEndpointListener& listener, uint32_t own_ssrc)
    : limits_(limits),
      worker_(worker),
      metrics_(worker.metrics()),
      listener_(listener),
      own_ssrc_(own_ssrc),
      queue_(limits.queue, *this),
      publish_bits_(static_cast<double>(limits.max_publish_rate.bps()),
                    static_cast<double>(limits.max_publish_rate.bps()) * kBurstSeconds),
      publish_packets_(static_cast<double>(limits.max_publish_packets_per_second),
                       static_cast<double>(limits.max_publish_packets_per_second) * kBurstSeconds) {
}

MediaEndpoint::~MediaEndpoint() {
  Suspend();
  Clear();
}

MediaState MediaEndpoint::TakeState() {
  MediaState state{.own_ssrc = own_ssrc_, .next_transport_sequence = next_transport_sequence_};
  for (const auto& stream : published_) {
    state.publications.push_back(stream->publication());
    stream->Release();
  }
  for (const auto& subscription : subscriptions_) {
    state.subscriptions.push_back({subscription->request(), subscription->numbers()});
  }
  Suspend();
  Clear();
  return state;
}

std::unique_ptr<MediaEndpoint> MediaEndpoint::FromState(const MediaLimits& limits,
                                                        SfuWorker& worker,
                                                        MediaEndpointListener& listener,
                                                        MediaState state, Timestamp now) {
  auto endpoint = std::make_unique<MediaEndpoint>(limits, worker, listener, state.own_ssrc);
  endpoint->next_transport_sequence_ = state.next_transport_sequence;
  for (const Publication& publication : state.publications) endpoint->Publish(publication);
  for (const auto& [request, numbers] : state.subscriptions) endpoint->Add(request, numbers, now);
  return endpoint;
}

void MediaEndpoint::Attach(net::Connection& connection, Timestamp now) {
  now_ = now;
  Suspend();
  connection_ = &connection;
  bandwidth_.Reset();
  for (const auto& stream : published_) stream->set_reliable(connection.reliable());
  for (const auto& subscription : subscriptions_) subscription->Restart(now);
  if (!queue_.empty()) Wake();
}

void MediaEndpoint::Suspend() {
  if (connection_ != nullptr) worker_.wakes().Remove(*connection_);
  connection_ = nullptr;
  held_round_ = 0;
  waiting_since_.reset();
  recent_ = {};
  queue_.Clear();
}

void MediaEndpoint::Wake() {
  if (connection_ == nullptr) return;
  if (!waiting_since_) waiting_since_ = now_;
  connection_->Wake();
}

PublishedStream* MediaEndpoint::FindPublished(uint32_t ssrc, size_t& encoding) {
  for (const auto& stream : published_) {
    const auto& encodings = stream->publication().encodings;
    for (encoding = 0; encoding < encodings.size(); ++encoding) {
      if (encodings[encoding].ssrc == ssrc) return stream.get();
    }
  }
  return nullptr;
}

void MediaEndpoint::Publish(const Publication& publication) {
  auto& stream =
      published_.emplace_back(std::make_unique<PublishedStream>(publication, *this, worker_));
  if (connection_ != nullptr) stream->set_reliable(connection_->reliable());
}

void MediaEndpoint::Unpublish(StreamId key) {
  std::erase_if(published_, [&](const auto& stream) { return stream->key() == key; });
}

Subscription* MediaEndpoint::FindSubscription(StreamId key) const {
  const auto found = std::ranges::find(
      subscriptions_, key, [](const auto& subscription) { return subscription->key(); });
  return found == subscriptions_.end() ? nullptr : found->get();
}

Subscription* MediaEndpoint::FindSubscriptionBySsrc(uint32_t ssrc) const {
  const auto found = std::ranges::find(
      subscriptions_, ssrc, [](const auto& subscription) { return subscription->ssrc(); });
  return found == subscriptions_.end() ? nullptr : found->get();
}

std::optional<uint32_t> MediaEndpoint::SubscribedSsrc(StreamId key) const {
  const Subscription* subscription = FindSubscription(key);
  return subscription ? std::optional(subscription->ssrc()) : std::nullopt;
}

bool MediaEndpoint::Subscribe(const SubscriptionRequest& request, Timestamp now) {
  if (FindSubscription(request.key) != nullptr) return true;
  if (subscriptions_.size() >= limits_.max_subscriptions) return false;
  // RFC 3550 §5.1 wants an unpredictable beginning; the SSRC was drawn at random.
  const auto first_sequence = static_cast<uint16_t>(request.ssrc * 40'503u >> 8);
  Add(request, {.next_sequence = first_sequence}, now);
  return true;
}

void MediaEndpoint::Add(const SubscriptionRequest& request, const SubscriberNumbers& numbers,
                        Timestamp now) {
  now_ = now;
  subscriptions_.push_back(std::make_unique<Subscription>(worker_, request, *this, numbers, now));
  metrics_.subscriptions.Add(1);
  // Not here: requests come in bursts, and while others wait for the control plane.
  allocation_due_ = true;
}

void MediaEndpoint::Unsubscribe(StreamId key) {
  if (const Subscription* found = FindSubscription(key)) OnStreamEnded(found->ssrc());
}

void MediaEndpoint::SetLayerPreference(StreamId key, const LayerPreference& preference) {
  Subscription* found = FindSubscription(key);
  if (found == nullptr) return;
  found->set_preference(preference);
  allocation_due_ = true;
}

void MediaEndpoint::OnStreamEnded(uint32_t ssrc) {
  const auto found = std::ranges::find(
      subscriptions_, ssrc, [](const auto& subscription) { return subscription->ssrc(); });
  if (found == subscriptions_.end()) return;
  queue_.RemoveStream((*found)->outgoing());
  for (Repeatable& recent : recent_) {
    if (recent.subscription == found->get()) recent = {};
  }
  subscriptions_.erase(found);
  metrics_.subscriptions.Add(-1);
}

void MediaEndpoint::Clear() {
  while (!subscriptions_.empty()) OnStreamEnded(subscriptions_.back()->ssrc());
  published_.clear();
}

bool MediaEndpoint::speaks() const {
  return std::ranges::any_of(published_, [this](const auto& stream) {
    const StreamFanout* fanout = worker_.FindFanout(stream->key());
    return fanout != nullptr && fanout->selected();
  });
}

void MediaEndpoint::OnLayerChanged(const Subscription& subscription) {
  metrics_.layer_changes.Add();
  listener_.OnLayerChanged(subscription.key(), subscription.forwarded_layer());
}

void MediaEndpoint::Allocate(Timestamp now) {
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
  const DataRate budget =
      bandwidth_.steered() ? bandwidth_.video_budget() : DataRate::BitsPerSec(INT64_MAX);
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
