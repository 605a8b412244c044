// Somebody in a room without a connection, for tests: publishes a video that
// plays a file, and counts and checks the packets of all that the others
// publish, each on a worker of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "gateway/app/gateway.h"
#include "gateway/room/participant.h"
#include "gateway/testing/stream_seams.h"

namespace ferry::gateway::testing {

class SyntheticParticipant final : public Participant {
 public:
  // Of all consumers, as of the last packet.
  struct Counts {
    std::atomic<int64_t> streams{0};  // consumed now
    std::atomic<int64_t> packets{0};
    std::atomic<int64_t> video_packets{0};
    std::atomic<int64_t> keyframes{0};
    std::atomic<int64_t> missing{0};
    std::atomic<int64_t> faults{0};
    std::atomic<int64_t> keyframe_requests{0};  // of his own video
  };

  SyntheticParticipant(Gateway& gateway, std::string user_id, size_t consumer_worker,
                       size_t source_worker)
      : gateway_(gateway),
        user_id_(std::move(user_id)),
        consumer_worker_(consumer_worker),
        source_worker_(source_worker) {}

  // Whether he is in the room, with his video published.
  bool Enter(const RoomKey& key, std::vector<std::vector<uint8_t>> frames) {
    auto room = gateway_.control().Enter(*this, key, Scene::kRtc,
                                         {.user_id = user_id_, .terminal = TerminalType::kOther});
    if (!room) return false;
    room_ = *room;
    Publication stream{.key = gateway_.control().NewStreamId(), .encodings = {{.ssrc = kSsrc}}};
    std::vector<UserInfo> present;
    std::expected<Publication, Refusal> published;
    {
      const ControlShard::Guard guard(gateway_.control().ShardOf(key));
      present = room_->Introduce(*this, [](const UserInfo&) { return true; });
      published = room_->Publish(*this, {.kind = MediaKind::kVideo, .codec = Codec::kVp8}, stream);
    }
    for (const UserInfo& user : present) {
      for (const Publication& other : user.streams) Consume(other);
    }
    if (!published) return false;
    gateway_.Post(source_worker_, [this, publication = *published, played = std::move(frames)](
                                      SfuWorker& worker, Timestamp) {
      player_ = std::make_unique<FilePlayer>(worker, publication, played);
    });
    return true;
  }
  // Packets of a stream that have come to him.
  int64_t PacketsOf(const std::string& stream_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = packets_.find(stream_id);
    return found == packets_.end() ? 0 : found->second;
  }
  // The next frame of his video.
  void Play() {
    gateway_.Post(source_worker_, [this](SfuWorker&, Timestamp now) {
      if (!player_) return;
      player_->Play(now);
      counts.keyframe_requests = player_->keyframe_requests;
    });
  }
  // Asks all videos for a key frame.
  void RequestKeyframes() {
    gateway_.Post(consumer_worker_, [this](SfuWorker&, Timestamp now) {
      for (const auto& [key, consumer] : consumers_) consumer->RequestKeyframe(0, now);
    });
  }
  // Out of the room. `done` once nothing of him is left on any worker, on one
  // of their threads.
  void Leave(std::function<void()> done) {
    if (!evicted) gateway_.control().Leave(*this, *room_, user_id_, LeaveReason::kLeft);
    gateway_.Post(source_worker_, [this, told = std::move(done)](SfuWorker&, Timestamp) {
      player_.reset();
      gateway_.Post(consumer_worker_, [this, told](SfuWorker&, Timestamp) {
        consumers_.clear();
        told();
      });
    });
  }

  // Participant, with the room locked, on whatever thread.
  Home home() const override { return {.worker = static_cast<unsigned>(source_worker_)}; }
  void OnEvent(const SharedRoomEvent& event) override {
    if (const auto* added = std::get_if<StreamAdded>(&event->body())) Consume(added->stream);
  }
  bool OnPresence(const SharedRoomEvent&) override { return true; }
  void GiveUp() override {}
  void OnStreamEnded(StreamId) override {}  // the workers tell
  void OnEvicted(EvictReason) override { evicted = true; }

  Counts counts;
  std::atomic<bool> evicted{false};

 private:
  static constexpr uint32_t kSsrc = 0xFE44'0001;

  void Consume(const Publication& stream) {
    gateway_.Post(consumer_worker_, [this, stream](SfuWorker& worker, Timestamp now) {
      // Where it is published is found out.
      consumers_[stream.key] =
          std::make_unique<CountingConsumer>(worker, stream, worker.index(), now);
      consumers_[stream.key]->on_change = [this, key = stream.key, id = stream.info.stream_id] {
        Sum();
        const std::lock_guard lock(mutex_);
        packets_[id] = consumers_[key]->packets;
      };
    });
  }
  void Sum() {
    int64_t streams = 0, packets = 0, video = 0, keyframes = 0, missing = 0, faults = 0;
    for (const auto& [key, consumer] : consumers_) {
      streams += !consumer->ended;
      packets += consumer->packets;
      if (consumer->video()) video += consumer->packets;
      keyframes += consumer->keyframes;
      missing += consumer->missing;
      faults += consumer->faults;
    }
    counts.streams = streams;
    counts.packets = packets;
    counts.video_packets = video;
    counts.keyframes = keyframes;
    counts.missing = missing;
    counts.faults = faults;
  }

  Gateway& gateway_;
  const std::string user_id_;
  const size_t consumer_worker_;
  const size_t source_worker_;
  Room* room_ = nullptr;
  mutable std::mutex mutex_;
  std::map<std::string, int64_t> packets_;                           // of each stream
  std::unique_ptr<FilePlayer> player_;                               // the source worker's
  std::map<StreamId, std::unique_ptr<CountingConsumer>> consumers_;  // the consumer worker's
};

}  // namespace ferry::gateway::testing
