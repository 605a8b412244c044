#include "gateway/sfu/stream_fanout.h"

#include <utility>

#include "gateway/sfu/sfu_worker.h"

namespace ferry::gateway {

StreamFanout::StreamFanout(SfuWorker& worker, const Publication& stream, unsigned origin_worker,
                           AudioSelector* selector)
    : worker_(worker),
      key_(stream.key),
      info_(stream.info),
      encodings_(stream.encodings),
      room_(stream.room),
      selector_(selector),
      origin_(origin_worker) {}

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
    state.last_packet = now;
  }
  for (StreamConsumer* consumer : consumers_) consumer->OnPacket(packet, is_newest, now);
  if (!packet->facts.starts_keyframe) return;
  state.request_owed = false;
  if (!is_newest) OnLateKeyframe(packet, now);
}

void StreamFanout::OnLateKeyframe(const PacketRef& first, Timestamp now) {
  const Encoding& state = states_[first->encoding];
  const uint16_t begin = first->sequence_number;
  const auto span = static_cast<uint16_t>(*state.newest - begin);
  for (StreamConsumer* consumer : consumers_) {
    if (consumer->awaited_keyframe() != first->encoding) continue;
    if (span >= kRecentPackets) return RequestKeyframe(first->encoding, now);
    for (uint16_t i = 0; i <= span; ++i) {
      const auto sequence = static_cast<uint16_t>(begin + i);
      const PacketRef& packet = state.recent[sequence % kRecentPackets];
      if (packet && packet->sequence_number == sequence) {
        consumer->OnPacket(packet, /*newest=*/true, now);
      }
    }
  }
}

void StreamFanout::ForwardReport(const rtp::SenderReport& report, Timestamp now) {
  last_report_ = report;
  for (StreamConsumer* consumer : consumers_) consumer->OnSenderReport(report, now);
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
  for (const StreamConsumer* consumer : consumers_) {
    if (const auto awaited = consumer->awaited_keyframe()) RequestKeyframe(*awaited, now);
  }
}

void StreamFanout::Tick(Timestamp now) {
  rates_.Tick(now);
  for (size_t i = 0; i < states_.size(); ++i) {
    Encoding& state = states_[i];
    if (state.request_owed) RequestKeyframe(i, now);
    if (!state.recent.empty() && now - state.last_packet > kMaxRecentAge) {
      state.recent = std::vector<PacketRef>();
    }
  }
}

void StreamFanout::End() {
  // The last one takes this with it.
  for (size_t left = consumers_.size(); left > 0; --left) consumers_.back()->OnStreamEnded();
}

StreamAttachment::StreamAttachment(SfuWorker& worker, const Publication& stream,
                                   unsigned origin_worker, StreamConsumer& consumer, Timestamp now)
    : worker_(worker),
      consumer_(consumer),
      fanout_(worker.Join(stream, origin_worker, consumer, now)) {}

StreamAttachment::~StreamAttachment() { worker_.Leave(fanout_, consumer_); }

void StreamAttachment::RequestKeyframe(size_t encoding, Timestamp now) {
  if (encoding < fanout_.encodings().size()) fanout_.RequestKeyframe(encoding, now);
}

}  // namespace ferry::gateway
