#include "gateway/sfu/stream_fanout.h"

#include <utility>

#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/subscription.h"

namespace ferry::gateway {

StreamFanout::StreamFanout(SfuWorker& worker, const SubscriptionRequest& request,
                           AudioSelector* selector)
    : worker_(worker),
      key_(request.key),
      info_(request.info),
      encodings_(request.encodings),
      room_(request.room),
      selector_(selector),
      origin_(request.origin_worker) {}

StreamFanout::~StreamFanout() {
  if (selector_ != nullptr) selector_->Remove(speaker_);
}

void StreamFanout::Forward(const PacketRef& packet, Timestamp now) {
  if (selector_ != nullptr) selector_->OnPacket(speaker_, packet->minus_dbov, now);
  if (packet->encoding >= kMaxEncodings) return;
  rates_.OnPacket(packet->encoding, packet->facts.temporal_id, packet->size);
  Encoding& state = states_[packet->encoding];
  const bool is_newest = !state.newest || IsNewer(packet->sequence_number, *state.newest);
  if (is_newest) state.newest = packet->sequence_number;
  if (info_.kind == MediaKind::kVideo) {
    state.recent.resize(kRecentPackets);
    state.recent[packet->sequence_number % kRecentPackets] = packet;
  }
  for (Subscription* subscription : subscriptions_) subscription->Forward(packet, is_newest, now);
  if (!packet->facts.starts_keyframe) return;
  state.request_owed = false;
  if (!is_newest) OnLateKeyframe(packet, now);
}

void StreamFanout::OnLateKeyframe(const PacketRef& first, Timestamp now) {
  const Encoding& state = states_[first->encoding];
  const uint16_t begin = first->sequence_number;
  const auto span = static_cast<uint16_t>(*state.newest - begin);
  for (Subscription* subscription : subscriptions_) {
    if (subscription->wanted().encoding != first->encoding ||
        subscription->encoding() == first->encoding) {
      continue;
    }
    if (span >= kRecentPackets) return RequestKeyframe(first->encoding, now);
    for (uint16_t i = 0; i <= span; ++i) {
      const auto sequence = static_cast<uint16_t>(begin + i);
      const PacketRef& packet = state.recent[sequence % kRecentPackets];
      if (packet && packet->sequence_number == sequence) {
        subscription->Forward(packet, /*newest=*/true, now);
      }
    }
  }
}

void StreamFanout::ForwardReport(const rtp::SenderReport& report, Timestamp now) {
  last_report_ = report;
  for (Subscription* subscription : subscriptions_) subscription->ForwardReport(report, now);
}

void StreamFanout::RequestKeyframe(size_t encoding, Timestamp now) {
  Encoding& state = states_[encoding];
  if (state.last_request && now - *state.last_request < kMinRequestInterval) {
    state.request_owed = true;
    return;
  }
  state.request_owed = false;
  state.last_request = now;
  worker_.RequestKeyframe(*this, encoding, now);
}

void StreamFanout::RenewKeyframeRequests(Timestamp now) {
  for (Encoding& state : states_) state.last_request.reset();
  for (const Subscription* subscription : subscriptions_) {
    const auto wanted = subscription->wanted().encoding;
    if (wanted && subscription->encoding() != wanted) RequestKeyframe(*wanted, now);
  }
}

void StreamFanout::Tick(Timestamp now) {
  rates_.Tick(now);
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].request_owed) RequestKeyframe(i, now);
  }
}

void StreamFanout::End() {
  // The last one takes this with it.
  for (size_t left = subscriptions_.size(); left > 0; --left) {
    subscriptions_.back()->OnStreamEnded();
  }
}

bool StreamFanout::Audible(const SubscriberSink& subscriber) const {
  if (selector_ == nullptr || speaker_.selected) return true;
  return selector_->Audible(speaker_, speaker_.spare && subscriber.speaks());
}

}  // namespace ferry::gateway
