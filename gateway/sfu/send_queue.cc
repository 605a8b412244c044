#include "gateway/sfu/send_queue.h"

#include <algorithm>
#include <utility>

#include "core/base/sequence_number.h"

namespace ferry::gateway {

bool SendQueue::PushControl(SharedText text, Timestamp now) {
  if (control_bytes_ + text->size() > limits_.max_control_bytes) return false;
  NotePush(now);
  control_bytes_ += text->size();
  control_.push_back(std::move(text));
  return true;
}

void SendQueue::PushRtcp(Rtcp packet, Timestamp now) {
  NotePush(now);
  // Feedback and requests are repeated: the oldest are worth the least.
  if (rtcp_.size() >= kMaxRtcpPackets) rtcp_.pop_front();
  rtcp_.push_back(std::move(packet));
}

void SendQueue::PushSenderReport(uint32_t ssrc, Rtcp packet, Timestamp now) {
  NotePush(now);
  const auto waiting = std::ranges::find(sender_reports_, ssrc, &std::pair<uint32_t, Rtcp>::first);
  if (waiting != sender_reports_.end()) {
    waiting->second = std::move(packet);
    return;
  }
  if (sender_reports_.size() >= kMaxSenderReports) sender_reports_.pop_front();
  sender_reports_.emplace_back(ssrc, std::move(packet));
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

std::optional<SendQueue::Item> SendQueue::Pop(Timestamp now) {
  DropStale(now);
  std::optional<Item> item;
  if (!control_.empty()) {
    control_bytes_ -= control_.front()->size();
    item = std::move(control_.front());
    control_.pop_front();
  } else if (!rtcp_.empty()) {
    item = std::move(rtcp_.front());
    rtcp_.pop_front();
  } else if (!sender_reports_.empty()) {
    item = std::move(sender_reports_.front().second);
    sender_reports_.pop_front();
  } else if (auto audio = PopMedia(audio_)) {
    item = std::move(*audio);
  } else if (auto again = PopMedia(retransmissions_)) {
    item = std::move(*again);
  } else if (auto video = PopMedia(video_)) {
    VideoState& state = video_states_[video->ssrc];
    if (video->packet->marker) {
      state.unfinished_timestamp.reset();
    } else {
      state.unfinished_timestamp = video->packet->timestamp;
    }
    item = std::move(*video);
  }
  writer_idle_ = !item;
  last_progress_ = now;
  return item;
}

std::optional<OutgoingPacket> SendQueue::PopMedia(std::deque<OutgoingPacket>& queue) {
  if (queue.empty()) return std::nullopt;
  OutgoingPacket packet = std::move(queue.front());
  queue.pop_front();
  media_bytes_ -= packet.packet->size;
  return packet;
}

void SendQueue::DropStale(Timestamp now) {
  DropStaleAudio(now);
  DropStaleVideo(now);
}

void SendQueue::DropStaleAudio(Timestamp now) {
  while (!audio_.empty() && now - audio_.front().enqueued > limits_.max_audio_age) {
    const uint32_t ssrc = audio_.front().ssrc;
    PopMedia(audio_);
    listener_.OnAudioDropped(ssrc);
  }
  while (!retransmissions_.empty() &&
         now - retransmissions_.front().enqueued > limits_.max_video_age) {
    PopMedia(retransmissions_);
  }
}

bool SendQueue::Unfinished(const OutgoingPacket& packet) const {
  const auto state = video_states_.find(packet.ssrc);
  return state != video_states_.end() &&
         state->second.unfinished_timestamp == packet.packet->timestamp;
}

void SendQueue::DropStaleVideo(Timestamp now) {
  const Timestamp oldest_kept = now - limits_.max_video_age;
  // Packets stand in the order of arrival, so that only the front can be stale; the rest of a frame
  // already begun is passed over.
  for (size_t i = 0; i < video_.size() && video_[i].enqueued < oldest_kept;) {
    if (Unfinished(video_[i])) {
      ++i;
    } else {
      DropVideo(video_[i].ssrc, oldest_kept, /*finish=*/true);
      i = 0;
    }
  }
}

void SendQueue::MakeRoom(Timestamp now) {
  if (media_bytes_ <= limits_.max_media_bytes) return;
  std::vector<uint32_t> streams;
  for (const auto& packet : video_) {
    if (std::ranges::find(streams, packet.ssrc) == streams.end()) streams.push_back(packet.ssrc);
  }
  for (const uint32_t ssrc : streams) DropVideo(ssrc, now + Duration::Micros(1), /*finish=*/false);
  while (media_bytes_ > limits_.max_media_bytes && !audio_.empty()) {
    const uint32_t ssrc = audio_.front().ssrc;
    PopMedia(audio_);
    listener_.OnAudioDropped(ssrc);
  }
  while (media_bytes_ > limits_.max_media_bytes && PopMedia(retransmissions_)) {
  }
}

void SendQueue::DropVideo(uint32_t ssrc, Timestamp oldest_kept, bool finish) {
  // From the newest fresh key frame on, what waits is still worth sending.
  size_t keep_from = video_.size();
  for (size_t i = video_.size(); i-- > 0;) {
    if (video_[i].ssrc != ssrc) continue;
    if (video_[i].enqueued < oldest_kept) break;
    if (video_[i].packet->starts_keyframe) {
      keep_from = i;
      break;
    }
  }
  VideoDrop drop{.ssrc = ssrc};
  drop.needs_keyframe = keep_from == video_.size();
  const uint16_t kept_sequence = drop.needs_keyframe ? 0 : video_[keep_from].sequence_number;
  std::deque<OutgoingPacket> rest;
  for (size_t i = 0; i < video_.size(); ++i) {
    OutgoingPacket& packet = video_[i];
    const bool stays = packet.ssrc != ssrc || i >= keep_from || (finish && Unfinished(packet));
    if (stays) {
      rest.push_back(std::move(packet));
      continue;
    }
    if (drop.packets == 0 || IsNewer(drop.resume_sequence, packet.sequence_number)) {
      drop.resume_sequence = packet.sequence_number;
    }
    ++drop.packets;
    media_bytes_ -= packet.packet->size;
  }
  video_ = std::move(rest);
  if (!finish) video_states_[ssrc].unfinished_timestamp.reset();
  if (drop.packets == 0) return;
  if (!drop.needs_keyframe) {
    drop.renumbered_by = static_cast<uint16_t>(kept_sequence - drop.resume_sequence);
    for (auto& packet : video_) {
      if (packet.ssrc == ssrc && !Unfinished(packet)) {
        packet.sequence_number = static_cast<uint16_t>(packet.sequence_number - drop.renumbered_by);
      }
    }
  }
  listener_.OnVideoDropped(drop);
}

void SendQueue::RemoveStream(uint32_t ssrc) {
  std::erase_if(sender_reports_, [&](const auto& report) { return report.first == ssrc; });
  for (auto* queue : {&audio_, &retransmissions_, &video_}) {
    std::erase_if(*queue, [&](const OutgoingPacket& packet) {
      if (packet.ssrc != ssrc) return false;
      media_bytes_ -= packet.packet->size;
      return true;
    });
  }
  video_states_.erase(ssrc);
}

void SendQueue::DropMedia() {
  rtcp_.clear();
  sender_reports_.clear();
  audio_.clear();
  retransmissions_.clear();
  video_.clear();
  video_states_.clear();
  media_bytes_ = 0;
}

bool SendQueue::empty() const {
  return control_.empty() && rtcp_.empty() && sender_reports_.empty() && audio_.empty() &&
         retransmissions_.empty() && video_.empty();
}

}  // namespace ferry::gateway
