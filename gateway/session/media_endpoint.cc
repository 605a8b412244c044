#include "gateway/session/media_endpoint.h"

#include <utility>

namespace ferry::gateway {
namespace {

// Burst allowances: a key frame leaves at once.
constexpr double kBurstSeconds = 1.0;

TokenBucket BucketOf(int64_t per_second) {
  const auto rate = static_cast<double>(per_second);
  return {rate, rate * kBurstSeconds};
}

}  // namespace

MediaEndpoint::MediaEndpoint(const MediaLimits& limits, SfuWorker& worker,
                             MediaEndpointListener& listener, uint32_t own_ssrc)
    : limits_(limits),
      metrics_(worker.metrics()),
      own_ssrc_(own_ssrc),
      publish_bits_(BucketOf(limits.max_publish_rate.bps())),
      publish_packets_(BucketOf(limits.max_publish_packets_per_second)),
      sender_(limits.queue, worker),
      publisher_(worker, sender_, own_ssrc),
      subscriber_(worker, sender_, publisher_, listener),
      rtcp_(metrics_, publish_packets_, publisher_, subscriber_, sender_) {}

MediaEndpoint::~MediaEndpoint() {
  Suspend();
  Clear();
}

MediaState MediaEndpoint::TakeState() {
  MediaState state{.own_ssrc = own_ssrc_,
                   .next_transport_sequence = sender_.next_transport_sequence(),
                   .publications = publisher_.publications()};
  for (const auto& subscription : subscriber_.subscriptions()) {
    state.subscriptions.push_back({subscription->request(), subscription->numbers()});
  }
  Suspend();
  subscriber_.Clear();
  publisher_.Release();
  return state;
}

std::unique_ptr<MediaEndpoint> MediaEndpoint::FromState(const MediaLimits& limits,
                                                        SfuWorker& worker,
                                                        MediaEndpointListener& listener,
                                                        MediaState state, Timestamp now) {
  auto endpoint = std::make_unique<MediaEndpoint>(limits, worker, listener, state.own_ssrc);
  endpoint->sender_.set_next_transport_sequence(state.next_transport_sequence);
  for (const Publication& publication : state.publications) endpoint->Publish(publication);
  for (const auto& [request, numbers] : state.subscriptions) {
    endpoint->subscriber_.Add(request, numbers, now);
  }
  return endpoint;
}

void MediaEndpoint::Attach(net::Connection& connection, Timestamp now) {
  sender_.Attach(connection);
  publisher_.OnAttached();
  subscriber_.Restart(now);
}

bool MediaEndpoint::OnPacket(ByteSpan packet, Timestamp now) {
  if (!publish_packets_.Take(1, now) ||
      !publish_bits_.Take(static_cast<double>(packet.size()) * 8, now)) {
    metrics_.Drop(DropReason::kRate);
    return true;
  }
  const bool ok = rtp::IsRtcp(packet) ? rtcp_.OnPacket(packet, now) : publisher_.OnRtp(packet, now);
  if (!ok) metrics_.Drop(DropReason::kMalformed);
  return ok;
}

bool MediaEndpoint::Subscribe(const SubscriptionRequest& request, Timestamp now) {
  if (subscriber_.Find(request.key) != nullptr) return true;
  if (subscriber_.subscriptions().size() >= limits_.max_subscriptions) return false;
  // RFC 3550 §5.1 wants an unpredictable beginning; the SSRC was drawn at random.
  const auto first_sequence = static_cast<uint16_t>(request.ssrc * 40'503u >> 8);
  subscriber_.Add(request, {.next_sequence = first_sequence}, now);
  return true;
}

const SubscriptionRequest* MediaEndpoint::Subscribed(StreamId key) const {
  const Subscription* subscription = subscriber_.Find(key);
  return subscription ? &subscription->request() : nullptr;
}

const SubscriptionRequest* MediaEndpoint::Subscribed(std::string_view stream_id) const {
  const Subscription* subscription = subscriber_.Find(stream_id);
  return subscription ? &subscription->request() : nullptr;
}

void MediaEndpoint::Clear() {
  subscriber_.Clear();
  publisher_.Clear();
}

void MediaEndpoint::Tick(Timestamp now) {
  sender_.Tick(subscriber_.wanted_rate(), now);
  subscriber_.Tick(now);
  sender_.SendPadding(now);
  publisher_.Tick(now);
}

}  // namespace ferry::gateway
