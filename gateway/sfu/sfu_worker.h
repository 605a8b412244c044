// The forwarding of one worker: the streams published and those subscribed to there.
//
// A stream's PublishedStream lives where its publisher's connection is; each worker that has
// subscribers of it has a StreamFanout.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "gateway/app/metrics.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/stream.h"
#include "gateway/sfu/wake_scheduler.h"

namespace ferry::gateway {

class PublishedStream;
class StreamFanout;
class Subscription;

// Belongs to one thread, but for what is said of `request_run`.
class SfuWorker {
 public:
  // `request_run` asks that Run be called soon on this worker's thread. It is called from any
  // thread, and not again before Run was.
  SfuWorker(unsigned index, Metrics& metrics, std::function<void()> request_run = {});
  ~SfuWorker();
  SfuWorker(const SfuWorker&) = delete;
  SfuWorker& operator=(const SfuWorker&) = delete;

  unsigned index() const { return index_; }
  PacketPool& pool() { return pool_; }
  Metrics& metrics() { return metrics_; }
  WakeScheduler& wakes() { return wakes_; }

  // Hands over what other workers sent, and wakes those that were sent something.
  void Run(Timestamp now);
  // Periodic work, every 25 ms or so.
  void Tick(Timestamp now);

  // For PublishedStream.
  void Add(PublishedStream& stream);
  // `ended`: with its subscriptions.
  void Remove(PublishedStream& stream, bool ended);
  void Deliver(PublishedStream& stream, const PacketRef& packet, Timestamp now);
  void Deliver(PublishedStream& stream, const rtp::SenderReport& report, Timestamp now);

  // For Subscription: a stream's fanout is there while it has subscriptions.
  StreamFanout& Join(const SubscriptionRequest& request, Subscription& subscription);
  void Leave(StreamFanout& fanout, Subscription& subscription);

  // For StreamFanout.
  void RequestKeyframe(StreamFanout& fanout, size_t encoding, Timestamp now);

 private:
  const unsigned index_;
  Metrics& metrics_;
  const std::function<void()> request_run_;
  PacketPool pool_;
  WakeScheduler wakes_;
  std::unordered_map<StreamKey, PublishedStream*> published_;
  std::unordered_map<StreamKey, std::unique_ptr<StreamFanout>> fanouts_;
};

// All workers of a process. Made before their threads start, ends after they have: packets of one
// worker's pool may wait anywhere.
class Sfu {
 public:
  struct Worker {
    Metrics* metrics;
    std::function<void()> request_run;
  };
  explicit Sfu(const std::vector<Worker>& workers);
  ~Sfu();

  SfuWorker& worker(size_t index) { return *workers_[index]; }
  size_t size() const { return workers_.size(); }

 private:
  std::vector<std::unique_ptr<SfuWorker>> workers_;
};

}  // namespace ferry::gateway
