#include "gateway/sfu/send_queue.h"

#include <algorithm>
#include <utility>

#include "core/base/sequence_number.h"

namespace ferry::gateway {

void SendQueue::PushRtcp(Rtcp packet, Timestamp now) {
  NotePush(now);
  // Feedback and requests are repeated: the oldest are worth the least.
  if (rtcp_.size() >= kMaxRtcpPackets) ReuseBuffer(rtcp_.pop_front());
  rtcp_.push_back(std::move(packet));
}

void SendQueue::PushSenderReport(uint32_t ssrc, Rtcp packet, Timestamp now) {
  NotePush(now);
  for (size_t i = 0; i < sender_reports_.size(); ++i) {
    if (sender_reports_[i].first != ssrc) continue;
    std::swap(sender_reports_[i].second, packet);
    return ReuseBuffer(std::move(packet));
  }
  if (sender_reports_.size() >= kMaxSenderReports) {
    ReuseBuffer(sender_reports_.pop_front().second);
  }
  sender_reports_.push_back({ssrc, std::move(packet)});
}

SendQueue::Rtcp SendQueue::TakeBuffer() {
  if (buffers_.empty()) return {};
  Rtcp buffer = std::move(buffers_.back());
  buffers_.pop_back();
  buffer.clear();
  return buffer;
}

void SendQueue::ReuseBuffer(Rtcp buffer) {
  if (buffers_.size() < kMaxBuffers) buffers_.push_back(std::move(buffer));
}

void SendQueue::PushAudio(OutgoingPacket packet) {
  NotePush(packet.enqueued);
  const Timestamp now = packet.enqueued;
  media_bytes_ += packet.packet->size;
  audio_.push_back(std::move(packet));
  DropStaleAudio(now);
  MakeRoom(now);
}

void SendQueue::PushVideo(OutgoingPacket packet) {
  NotePush(packet.enqueued);
  const Timestamp now = packet.enqueued;
  media_bytes_ += packet.packet->size;
  video_.push_back(std::move(packet));
  DropStaleVideo(now);
  MakeRoom(now);
}

void SendQueue::PushRetransmission(OutgoingPacket packet) {
  NotePush(packet.enqueued);
  if (retransmissions_.size() >= kMaxRetransmissions) {
    media_bytes_ -= retransmissions_.front().packet->size;
    retransmissions_.pop_front();
  }
  packet.retransmission = true;
  media_bytes_ += packet.packet->size;
  retransmissions_.push_back(std::move(packet));
  MakeRoom(packet.enqueued);
}

std::optional<SendQueue::Item> SendQueue::Pop(Timestamp now, bool paced) {
  DropStale(now);
  std::optional<Item> item;
  bool held = false;
  if (!rtcp_.empty()) {
    item = rtcp_.pop_front();
  } else if (!sender_reports_.empty()) {
    item = sender_reports_.pop_front().second;
  } else if (!audio_.empty()) {
    item = PopMedia(audio_);
  } else if (!retransmissions_.empty()) {
    item = PopMedia(retransmissions_);
  } else if (!video_.empty() && paced) {
    OutgoingPacket packet = PopMedia(video_);
    if (packet.packet->marker) {
      packet.stream->unfinished_timestamp_.reset();
    } else {
      packet.stream->unfinished_timestamp_ = packet.timestamp;
    }
    item = std::move(packet);
  } else {
    held = !video_.empty();
  }
  // Whoever holds video back comes again by itself.
  writer_idle_ = !item && !held;
  last_progress_ = now;
  return item;
}

OutgoingPacket SendQueue::PopMedia(RingQueue<OutgoingPacket>& queue) {
  media_bytes_ -= queue.front().packet->size;
  return queue.pop_front();
}

void SendQueue::DropStale(Timestamp now) {
  DropStaleAudio(now);
  DropStaleVideo(now);
}

void SendQueue::DropStaleAudio(Timestamp now) {
  while (!audio_.empty() && now - audio_.front().enqueued > limits_.max_audio_age) {
    PopMedia(audio_);
    listener_.OnAudioDropped();
  }
  while (!retransmissions_.empty() &&
         now - retransmissions_.front().enqueued > limits_.max_video_age) {
    PopMedia(retransmissions_);
  }
}

void SendQueue::DropStaleVideo(Timestamp now) {
  const Timestamp oldest_kept = now - limits_.max_video_age;
  // Packets stand in the order of arrival, so that only the front can be stale; the rest of a frame
  // already begun is passed over.
  for (size_t i = 0; i < video_.size() && video_[i].enqueued < oldest_kept;) {
    if (Unfinished(video_[i])) {
      ++i;
    } else {
      DropVideo(*video_[i].stream, oldest_kept, /*finish=*/true, now);
      i = 0;
    }
  }
}

void SendQueue::MakeRoom(Timestamp now) {
  if (media_bytes_ <= limits_.max_media_bytes) return;
  std::vector<OutgoingStream*> streams;
  for (size_t i = 0; i < video_.size(); ++i) {
    if (std::ranges::find(streams, video_[i].stream) == streams.end()) {
      streams.push_back(video_[i].stream);
    }
  }
  for (auto* stream : streams) {
    DropVideo(*stream, now + Duration::Micros(1), /*finish=*/false, now);
  }
  while (media_bytes_ > limits_.max_media_bytes && !audio_.empty()) {
    PopMedia(audio_);
    listener_.OnAudioDropped();
  }
  while (media_bytes_ > limits_.max_media_bytes && !retransmissions_.empty()) {
    PopMedia(retransmissions_);
  }
}

void SendQueue::DropVideo(OutgoingStream& stream, Timestamp oldest_kept, bool finish,
                          Timestamp now) {
  // From the newest fresh key frame on, what waits is still worth sending.
  const size_t size = video_.size();
  size_t keep_from = size;
  for (size_t i = size; i-- > 0;) {
    if (video_[i].stream != &stream) continue;
    if (video_[i].enqueued < oldest_kept) break;
    if (video_[i].packet->facts.starts_keyframe) {
      keep_from = i;
      break;
    }
  }
  VideoDrop drop;
  if (keep_from != size) drop.kept_sequence = video_[keep_from].sequence_number;
  size_t i = 0;
  video_.EraseIf([&](const OutgoingPacket& packet) {
    const size_t index = i++;
    if (packet.stream != &stream || index >= keep_from || (finish && Unfinished(packet))) {
      return false;
    }
    if (drop.packets == 0 || IsNewer(drop.resume_sequence, packet.sequence_number)) {
      drop.resume_sequence = packet.sequence_number;
    }
    ++drop.packets;
    media_bytes_ -= packet.packet->size;
    return true;
  });
  if (!finish) stream.unfinished_timestamp_.reset();
  if (drop.packets == 0) return;
  listener_.OnVideoDropped(drop.packets);
  stream.OnDropped(drop, now);
  if (!drop.kept_sequence) return;
  for (i = 0; i < video_.size(); ++i) {
    OutgoingPacket& packet = video_[i];
    if (packet.stream == &stream && !Unfinished(packet)) stream.Renumber(packet);
  }
}

void SendQueue::RemoveStream(OutgoingStream& stream) {
  sender_reports_.EraseIf([&](const auto& report) { return report.first == stream.ssrc(); });
  for (auto* queue : {&audio_, &retransmissions_, &video_}) {
    queue->EraseIf([&](const OutgoingPacket& packet) {
      if (packet.stream != &stream) return false;
      media_bytes_ -= packet.packet->size;
      return true;
    });
  }
  stream.unfinished_timestamp_.reset();
}

void SendQueue::Clear() {
  for (auto* queue : {&audio_, &retransmissions_, &video_}) {
    for (size_t i = 0; i < queue->size(); ++i) (*queue)[i].stream->unfinished_timestamp_.reset();
    queue->Clear();
  }
  rtcp_.Clear();
  sender_reports_.Clear();
  media_bytes_ = 0;
}

bool SendQueue::empty() const {
  return rtcp_.empty() && sender_reports_.empty() && audio_.empty() && retransmissions_.empty() &&
         video_.empty();
}

}  // namespace ferry::gateway
