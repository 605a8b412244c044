// The forwarding of one worker: the streams published and those subscribed to there.
//
// A stream's PublishedStream lives where its publisher's connection is; each worker that has
// subscribers of it has a StreamFanout, attached to the publisher's worker by a message. Nothing is
// locked on the way of a media packet.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "gateway/base/metrics.h"
#include "gateway/sfu/audio_selector.h"
#include "gateway/sfu/packet_pool.h"
#include "gateway/sfu/retransmission_cache.h"
#include "gateway/sfu/stream.h"
#include "gateway/sfu/wake_scheduler.h"
#include "gateway/sfu/worker_link.h"

namespace ferry::gateway {

class PublishedStream;
class StreamConsumer;
class StreamFanout;

struct SfuConfig {
  // Speakers of a room who are forwarded at a time, each listener's own voice not counted; 0: all.
  size_t loudest_speakers = 6;
};

// The workers that have subscribers of one stream, as bits: at most 64 workers.
using WorkerSet = uint64_t;
inline constexpr size_t kMaxWorkers = 64;

// Belongs to one thread, but for what is said of `request_run`.
class SfuWorker {
 public:
  // Streams looked for elsewhere in one Tick, so that the mail about them fits into the mailboxes.
  static constexpr size_t kMaxSearches = 1024;

  // `request_run` asks that Run be called soon on this worker's thread, after what is being read
  // there. It is called from any thread, and not again before Run was.
  SfuWorker(unsigned index, Metrics& metrics, std::function<void()> request_run = {},
            const SfuConfig& config = {});
  ~SfuWorker();
  SfuWorker(const SfuWorker&) = delete;
  SfuWorker& operator=(const SfuWorker&) = delete;

  unsigned index() const { return index_; }
  PacketPool& pool() { return pool_; }
  Metrics& metrics() { return metrics_; }
  WakeScheduler& wakes() { return wakes_; }
  RetransmissionBudget& retransmissions() { return retransmissions_; }
  // Where an endpoint of this worker makes the packet it gives out, which stays until any of them
  // is asked for the next: one for all stays in the processor's cache.
  std::array<uint8_t, rtp::kMaxReceivedPacketSize>& outgoing_packet() { return outgoing_packet_; }

  // Hands over what other workers sent, and wakes those that were sent something.
  void Run(Timestamp now);
  // Periodic work of the streams published and forwarded here, every 25 ms or so.
  void Tick(Timestamp now);

  // For PublishedStream.
  void Add(PublishedStream& stream);
  // `ended`: for its consumers, too.
  void Remove(PublishedStream& stream, bool ended);
  void Deliver(PublishedStream& stream, PacketRef packet, Timestamp now);
  void Deliver(PublishedStream& stream, const rtp::SenderReport& report, Timestamp now);

  // For StreamAttachment: a stream's fanout is there while it has consumers.
  StreamFanout& Join(const Publication& stream, unsigned origin_worker, StreamConsumer& consumer,
                     Timestamp now);
  void Leave(StreamFanout& fanout, StreamConsumer& consumer);
  // The fanout of a stream here, null when nobody here takes it.
  StreamFanout* FindFanout(StreamId key) const;

  // For StreamFanout.
  void RequestKeyframe(StreamFanout& fanout, size_t encoding, Timestamp now);

 private:
  friend class Sfu;

  // A room's speakers as far as they are forwarded here.
  struct AudioRoom {
    AudioSelector selector;
    size_t fanouts = 0;
  };

  void RequestRun();
  void Post(unsigned worker, StreamId key, decltype(Mail::body) body);
  void PostToOthers(StreamId key, const decltype(Mail::body)& body);
  void PostTo(WorkerSet workers, StreamId key, const decltype(Mail::body)& body);
  void Handle(Mail& mail, Timestamp now);
  void Attach(StreamFanout& fanout, Timestamp now);
  void SearchAll(Timestamp now);
  void OnAttach(unsigned from, StreamId key, Timestamp now);
  void OnOrigin(StreamFanout& fanout, unsigned worker, Timestamp now);

  const unsigned index_;
  Metrics& metrics_;
  const std::function<void()> request_run_;
  const SfuConfig config_;
  PacketPool pool_;
  WakeScheduler wakes_;
  RetransmissionBudget retransmissions_{metrics_};
  std::array<uint8_t, rtp::kMaxReceivedPacketSize> outgoing_packet_;
  std::unordered_map<StreamId, PublishedStream*> published_;
  std::unordered_map<StreamId, std::unique_ptr<StreamFanout>> fanouts_;
  std::unordered_map<uint64_t, AudioRoom> audio_rooms_;

  std::vector<SfuWorker*> workers_;                   // all, by index; alone: itself
  std::vector<std::unique_ptr<MediaLink>> incoming_;  // by the sending worker's index
  Mailbox mailbox_;
  std::vector<Mail> mail_;  // being handled
  WorkerSet to_wake_ = 0;   // have been sent something since the last Run
  std::atomic<bool> run_requested_{false};
};

// All workers of a process. Made before their threads start, ends after they have and after all
// endpoints: packets of one worker's pool may wait anywhere.
class Sfu {
 public:
  struct Worker {
    Metrics* metrics;
    std::function<void()> request_run;
  };
  explicit Sfu(const std::vector<Worker>& workers, const SfuConfig& config = {});
  ~Sfu();

  SfuWorker& worker(size_t index) { return *workers_[index]; }
  size_t size() const { return workers_.size(); }

 private:
  std::vector<std::unique_ptr<SfuWorker>> workers_;
};

}  // namespace ferry::gateway
