#include "gateway/sfu/stream_fanout.h"

#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/subscription.h"

namespace ferry::gateway {

StreamFanout::StreamFanout(SfuWorker& worker, const SubscriptionRequest& request)
    : worker_(worker),
      key_(request.key),
      info_(request.info),
      encodings_(request.encodings),
      origin_(request.origin_worker) {}

void StreamFanout::Forward(const PacketRef& packet, Timestamp now) {
  for (Subscription* subscription : subscriptions_) subscription->Forward(packet, now);
}

void StreamFanout::ForwardReport(const rtp::SenderReport& report, Timestamp now) {
  last_report_ = report;
  for (Subscription* subscription : subscriptions_) subscription->ForwardReport(report, now);
}

void StreamFanout::RequestKeyframe(size_t encoding, Timestamp now) {
  worker_.RequestKeyframe(*this, encoding, now);
}

void StreamFanout::End() {
  // The last one takes this with it.
  for (size_t left = subscriptions_.size(); left > 0; --left) {
    subscriptions_.back()->OnStreamEnded();
  }
}

}  // namespace ferry::gateway
