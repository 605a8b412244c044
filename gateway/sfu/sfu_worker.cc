#include "gateway/sfu/sfu_worker.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <optional>
#include <utility>

#include "gateway/sfu/published_stream.h"
#include "gateway/sfu/stream_fanout.h"

namespace ferry::gateway {
namespace {

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

template <typename F>
void ForEach(WorkerSet workers, F visit) {
  for (; workers != 0; workers &= workers - 1) {
    visit(static_cast<unsigned>(std::countr_zero(workers)));
  }
}

}  // namespace

SfuWorker::SfuWorker(unsigned index, Metrics& metrics, std::function<void()> request_run,
                     const SfuConfig& config)
    : index_(index),
      metrics_(metrics),
      request_run_(std::move(request_run)),
      config_(config),
      workers_(index + 1) {
  workers_[index] = this;
}

SfuWorker::~SfuWorker() { assert(published_.empty() && fanouts_.empty()); }

void SfuWorker::RequestRun() {
  if (!run_requested_.exchange(true, std::memory_order_acq_rel) && request_run_) request_run_();
}

void SfuWorker::Run(Timestamp now) {
  run_requested_.exchange(false, std::memory_order_acq_rel);
  // Mail is taken before the rings are read: what was pushed before a stream's end is there too.
  const bool have_all = mailbox_.TakeAll(mail_);
  LinkedPacket linked;
  for (unsigned from = 0; from < incoming_.size(); ++from) {
    if (!incoming_[from]) continue;
    std::optional<StreamId> stray;
    // One round of the ring at most: a sender who never pauses must not keep us from our own work.
    for (size_t i = 0; i < kLinkCapacity && incoming_[from]->Pop(linked); ++i) {
      if (StreamFanout* fanout = FindFanout(linked.key)) {
        fanout->Forward(linked.packet, now);
      } else {
        stray = linked.key;
      }
    }
    // Under way when it was left, or what told so was lost. Another one's turn comes.
    if (stray) Post(from, *stray, DetachMessage{});
  }
  linked = {};
  for (Mail& mail : mail_) Handle(mail, now);
  mail_.clear();
  if (!have_all) SearchAll(now);
  ForEach(std::exchange(to_wake_, 0), [&](unsigned worker) { workers_[worker]->RequestRun(); });
}

// Streams may have moved or ended, and answers may be lost: what is still attached is told again.
void SfuWorker::SearchAll(Timestamp now) {
  for (const auto& [key, fanout] : fanouts_) {
    if (published_.contains(key)) continue;
    fanout->attached_ = false;
    fanout->next_search_ = now;
  }
}

void SfuWorker::Tick(Timestamp now) {
  retransmissions_.Tick(now);
  for (const auto& [key, stream] : published_) stream->Tick(now);
  size_t searches = 0;
  for (const auto& [key, fanout] : fanouts_) {
    fanout->Tick(now);
    if (fanout->attached_ || now < fanout->next_search_ || searches == kMaxSearches) continue;
    ++searches;
    Attach(*fanout, now);
  }
}

void SfuWorker::Add(PublishedStream& stream) {
  published_[stream.key()] = &stream;
  metrics_.streams.Add(1);
  if (StreamFanout* fanout = FindFanout(stream.key())) {
    fanout->attached_ = true;
    fanout->origin_ = index_;
  }
  // Subscribers elsewhere know it from where it was before, if it was.
  PostToOthers(stream.key(), StreamMovedMessage{});
}

void SfuWorker::Remove(PublishedStream& stream, bool ended) {
  if (published_.erase(stream.key())) metrics_.streams.Add(-1);
  StreamFanout* fanout = FindFanout(stream.key());
  if (ended) {
    PostTo(stream.workers(), stream.key(), StreamEndedMessage{});
    if (fanout != nullptr) fanout->End();
  } else if (fanout != nullptr) {
    fanout->attached_ = false;
  }
}

void SfuWorker::Deliver(PublishedStream& stream, PacketRef packet, Timestamp now) {
  const size_t encoding = packet->encoding;
  bool full = false;
  ForEach(stream.workers(), [&](unsigned worker) {
    if (workers_[worker]->incoming_[index_]->Push({stream.key(), packet})) {
      to_wake_ |= WorkerSet{1} << worker;
    } else {
      metrics_.Drop(DropReason::kLinkFull);
      full = true;
    }
  });
  if (to_wake_ != 0) RequestRun();
  if (full && stream.info().kind == MediaKind::kVideo) stream.RequestKeyframe(encoding, now);
  if (StreamFanout* fanout = FindFanout(stream.key())) fanout->Forward(packet, now);
}

void SfuWorker::Deliver(PublishedStream& stream, const rtp::SenderReport& report, Timestamp now) {
  PostTo(stream.workers(), stream.key(), SenderReportMessage{report});
  if (StreamFanout* fanout = FindFanout(stream.key())) fanout->ForwardReport(report, now);
}

StreamFanout* SfuWorker::FindFanout(StreamId key) const {
  const auto found = fanouts_.find(key);
  return found == fanouts_.end() ? nullptr : found->second.get();
}

StreamFanout& SfuWorker::Join(const Publication& stream, unsigned origin_worker,
                              StreamConsumer& consumer, Timestamp now) {
  auto& fanout = fanouts_[stream.key];
  if (!fanout) {
    AudioSelector* selector = nullptr;
    if (stream.info.kind == MediaKind::kAudio) {
      auto& room = audio_rooms_.try_emplace(stream.room, AudioSelector(config_.loudest_speakers), 0)
                       .first->second;
      ++room.fanouts;
      selector = &room.selector;
    }
    fanout = std::make_unique<StreamFanout>(*this, stream, origin_worker, selector);
    Attach(*fanout, now);
  }
  fanout->consumers_.push_back(&consumer);
  return *fanout;
}

void SfuWorker::Leave(StreamFanout& fanout, StreamConsumer& consumer) {
  std::erase(fanout.consumers_, &consumer);
  if (!fanout.consumers_.empty()) return;
  if (fanout.origin_ != index_) Post(fanout.origin_, fanout.key(), DetachMessage{});
  const uint64_t room = fanout.room();
  const bool audio = fanout.info().kind == MediaKind::kAudio;
  fanouts_.erase(StreamId(fanout.key()));
  const auto found = audio ? audio_rooms_.find(room) : audio_rooms_.end();
  if (found != audio_rooms_.end() && --found->second.fanouts == 0) audio_rooms_.erase(found);
}

void SfuWorker::Attach(StreamFanout& fanout, Timestamp now) {
  const StreamId key = fanout.key();
  if (const auto stream = published_.find(key); stream != published_.end()) {
    fanout.origin_ = index_;
    fanout.attached_ = true;
    fanout.last_report_ = stream->second->last_report();
    return;
  }
  fanout.next_search_ = now + StreamFanout::kSearchInterval;
  const bool hinted = fanout.origin_ != index_ && fanout.origin_ < workers_.size();
  if (hinted) {
    Post(fanout.origin_, key, AttachMessage{});
  } else {
    PostToOthers(key, AttachMessage{});
  }
}

void SfuWorker::RequestKeyframe(StreamFanout& fanout, size_t encoding, Timestamp now) {
  const auto stream = published_.find(fanout.key());
  if (stream != published_.end()) {
    stream->second->RequestKeyframe(encoding, now);
  } else if (fanout.origin_ != index_) {
    Post(fanout.origin_, fanout.key(), KeyframeRequestMessage{encoding});
  }
}

void SfuWorker::Post(unsigned worker, StreamId key, decltype(Mail::body) body) {
  if (worker >= workers_.size() || workers_[worker] == nullptr) return;
  if (!workers_[worker]->mailbox_.Post({index_, key, std::move(body)})) {
    metrics_.Drop(DropReason::kLinkFull);
    return;
  }
  to_wake_ |= WorkerSet{1} << worker;
  RequestRun();
}

void SfuWorker::PostTo(WorkerSet workers, StreamId key, const decltype(Mail::body)& body) {
  ForEach(workers, [&](unsigned worker) { Post(worker, key, body); });
}

void SfuWorker::PostToOthers(StreamId key, const decltype(Mail::body)& body) {
  for (unsigned worker = 0; worker < workers_.size(); ++worker) {
    if (worker != index_) Post(worker, key, body);
  }
}

void SfuWorker::OnAttach(unsigned from, StreamId key, Timestamp) {
  const auto found = published_.find(key);
  if (found == published_.end()) return Post(from, key, UnknownStreamMessage{});
  PublishedStream& stream = *found->second;
  stream.set_workers(stream.workers() | WorkerSet{1} << from);
  Post(from, key, AttachedMessage{});
  if (stream.last_report()) Post(from, key, SenderReportMessage{*stream.last_report()});
}

void SfuWorker::OnOrigin(StreamFanout& fanout, unsigned worker, Timestamp now) {
  fanout.origin_ = worker;
  fanout.attached_ = true;
  // Requests sent to where it was not are gone.
  fanout.RenewKeyframeRequests(now);
}

void SfuWorker::Handle(Mail& mail, Timestamp now) {
  const StreamId key = mail.key;
  const unsigned from = mail.from;
  const auto published = published_.find(key);
  StreamFanout* fanout = FindFanout(key);
  std::visit(Overloaded{
                 [&](const AttachMessage&) { OnAttach(from, key, now); },
                 [&](const DetachMessage&) {
                   if (published == published_.end()) return;
                   PublishedStream& stream = *published->second;
                   stream.set_workers(stream.workers() & ~(WorkerSet{1} << from));
                 },
                 [&](const KeyframeRequestMessage& request) {
                   if (published != published_.end()) {
                     published->second->RequestKeyframe(request.encoding, now);
                   }
                 },
                 [&](const AttachedMessage&) {
                   // Nobody here wants it any more: it was left before it was found.
                   if (fanout == nullptr) return Post(from, key, DetachMessage{});
                   OnOrigin(*fanout, from, now);
                 },
                 [&](const UnknownStreamMessage&) {
                   if (fanout == nullptr || fanout->origin_ != from) return;
                   fanout->origin_ = index_;  // nobody's: all are asked
                   fanout->attached_ = false;
                 },
                 [&](const StreamEndedMessage&) {
                   if (fanout != nullptr && fanout->origin_ == from) fanout->End();
                 },
                 [&](const StreamMovedMessage&) {
                   if (fanout != nullptr) Post(from, key, AttachMessage{});
                 },
                 [&](const SenderReportMessage& report) {
                   if (fanout != nullptr) fanout->ForwardReport(report.report, now);
                 },
             },
             mail.body);
}

Sfu::Sfu(const std::vector<Worker>& workers, const SfuConfig& config) {
  assert(workers.size() <= kMaxWorkers);
  std::vector<SfuWorker*> all;
  for (const Worker& worker : workers) {
    workers_.push_back(std::make_unique<SfuWorker>(static_cast<unsigned>(workers_.size()),
                                                   *worker.metrics, worker.request_run, config));
    all.push_back(workers_.back().get());
  }
  for (const auto& worker : workers_) {
    worker->workers_ = all;
    worker->incoming_.resize(all.size());
    for (const SfuWorker* other : all) {
      if (other == worker.get()) continue;
      worker->incoming_[other->index()] = std::make_unique<MediaLink>(kLinkCapacity);
    }
  }
}

Sfu::~Sfu() {
  // Packets go back to their pools while all of these live.
  for (const auto& worker : workers_) worker->incoming_.clear();
}

}  // namespace ferry::gateway
