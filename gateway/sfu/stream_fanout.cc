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
  std::optional<uint16_t>& newest = states_[packet->encoding].newest;
  const bool is_newest = !newest || IsNewer(packet->sequence_number, *newest);
  if (is_newest) newest = packet->sequence_number;
  for (Subscription* subscription : subscriptions_) subscription->Forward(packet, is_newest, now);
  if (packet->facts.starts_keyframe) OnKeyframe(packet->encoding, is_newest, now);
}

void StreamFanout::OnKeyframe(size_t encoding, bool newest, Timestamp now) {
  states_[encoding].wish_owed = false;
  if (newest) return;
  // Too late to begin with: who waits for it has to wait for another.
  for (const Subscription* subscription : subscriptions_) {
    if (subscription->wanted().encoding == encoding && subscription->encoding() != encoding) {
      return RequestKeyframe(encoding, now);
    }
  }
}

void StreamFanout::ForwardReport(const rtp::SenderReport& report, Timestamp now) {
  last_report_ = report;
  for (Subscription* subscription : subscriptions_) subscription->ForwardReport(report, now);
}

void StreamFanout::RequestKeyframe(size_t encoding, Timestamp now) {
  Encoding& state = states_[encoding];
  if (state.last_wish && now - *state.last_wish < kMinWishInterval) {
    state.wish_owed = true;
    return;
  }
  state.wish_owed = false;
  state.last_wish = now;
  worker_.RequestKeyframe(*this, encoding, now);
}

void StreamFanout::RenewWishes(Timestamp now) {
  for (Encoding& state : states_) state.last_wish.reset();
  for (const Subscription* subscription : subscriptions_) {
    const auto wanted = subscription->wanted().encoding;
    if (wanted && subscription->encoding() != wanted) RequestKeyframe(*wanted, now);
  }
}

void StreamFanout::Tick(Timestamp now) {
  rates_.Tick(now);
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].wish_owed) RequestKeyframe(i, now);
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
