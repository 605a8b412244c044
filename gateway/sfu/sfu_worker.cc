#include "gateway/sfu/sfu_worker.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/stream_fanout.h"

namespace ferry::gateway {

SfuWorker::SfuWorker(unsigned index, Metrics& metrics, std::function<void()> request_run)
    : index_(index), metrics_(metrics), request_run_(std::move(request_run)) {}

SfuWorker::~SfuWorker() { assert(published_.empty() && fanouts_.empty()); }

void SfuWorker::Run(Timestamp) {}

void SfuWorker::Tick(Timestamp) {}

void SfuWorker::Add(PublishedStream& stream) {
  published_[stream.key()] = &stream;
  metrics_.streams.Add(1);
}

void SfuWorker::Remove(PublishedStream& stream, bool ended) {
  if (published_.erase(stream.key())) metrics_.streams.Add(-1);
  const auto fanout = fanouts_.find(stream.key());
  if (ended && fanout != fanouts_.end()) fanout->second->End();
}

void SfuWorker::Deliver(PublishedStream& stream, const PacketRef& packet, Timestamp now) {
  const auto fanout = fanouts_.find(stream.key());
  if (fanout != fanouts_.end()) fanout->second->Forward(packet, now);
}

void SfuWorker::Deliver(PublishedStream& stream, const rtp::SenderReport& report, Timestamp now) {
  const auto fanout = fanouts_.find(stream.key());
  if (fanout != fanouts_.end()) fanout->second->ForwardReport(report, now);
}

StreamFanout& SfuWorker::Join(const SubscriptionRequest& request, Subscription& subscription) {
  auto& fanout = fanouts_[request.key];
  if (!fanout) {
    fanout = std::make_unique<StreamFanout>(*this, request);
    const auto stream = published_.find(request.key);
    if (stream != published_.end()) fanout->last_report_ = stream->second->last_report();
  }
  fanout->subscriptions_.push_back(&subscription);
  return *fanout;
}

void SfuWorker::Leave(StreamFanout& fanout, Subscription& subscription) {
  std::erase(fanout.subscriptions_, &subscription);
  if (fanout.subscriptions_.empty()) fanouts_.erase(StreamKey(fanout.key()));
}

void SfuWorker::RequestKeyframe(StreamFanout& fanout, size_t encoding, Timestamp now) {
  const auto stream = published_.find(fanout.key());
  if (stream != published_.end()) stream->second->RequestKeyframe(encoding, now);
}

Sfu::Sfu(const std::vector<Worker>& workers) {
  for (const Worker& worker : workers) {
    workers_.push_back(std::make_unique<SfuWorker>(static_cast<unsigned>(workers_.size()),
                                                   *worker.metrics, worker.request_run));
  }
}

Sfu::~Sfu() = default;

}  // namespace ferry::gateway
