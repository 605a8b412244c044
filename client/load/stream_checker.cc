#include "client/load/stream_checker.h"

#include <utility>

#include "client/load/synthetic_stream.h"
#include "core/rtp/vp8.h"

namespace ferry::client {
namespace {
// What stands before the stamp (synthetic_stream.cc).
constexpr size_t kOpusTocBytes = 1;
constexpr size_t kFrameHeaderBytes = 10;
}  // namespace

StreamChecker::StreamChecker(MediaKind kind, uint32_t ssrc, Timestamp subscribed)
    : kind_(kind), ssrc_(ssrc), subscribed_(subscribed), last_decoded_at_(subscribed) {}

void StreamChecker::OnPacket(const rtp::RtpPacketView& packet, size_t size, Timestamp now,
                             LoadStats& stats) {
  ReceiverStats& mine = kind_ == MediaKind::kAudio ? stats.audio : stats.video;
  ByteSpan data = packet.payload;
  bool starts_keyframe = false;
  size_t before_stamp = kOpusTocBytes;
  if (kind_ == MediaKind::kVideo) {
    const auto vp8 = rtp::ParseVp8(packet.payload);
    data = vp8 ? vp8->data : ByteSpan();
    starts_keyframe = vp8 && vp8->starts_keyframe();
    before_stamp = vp8 && vp8->starts_frame() ? kFrameHeaderBytes : 0;
  }
  const auto stamp = ReadStamp(data.subspan(std::min(before_stamp, data.size())));
  const int64_t sequence = unwrapper_.Unwrap(packet.header.sequence_number);
  nacks_.OnPacket(sequence, now);
  const auto before = highest_;
  if (!OnSequence(sequence, IsMove(stamp, now), mine)) return;
  if (stamp && highest_ != before && publisher_moves_ != stamp->moves) {
    publisher_moves_ = stamp->moves;
    OnMove(now);
  }
  if (!std::exchange(counted_, true)) ++mine.streams;
  ++mine.packets;
  mine.bytes += size;
  if (!stamp) {
    ++mine.damaged;
    return;
  }
  mine.latency.Record(now - stamp->sent);
  const auto& level = packet.extensions.audio_level;
  if (level && level->minus_dbov <= SyntheticStream::kLoudMinusDbov) ++mine.loud;
  OnCounter(*stamp, mine);
  if (kind_ == MediaKind::kVideo) OnVideo(*stamp, starts_keyframe, now, stats);
}

bool StreamChecker::IsMove(const std::optional<PacketStamp>& stamp, Timestamp now) const {
  return now < moving_until_ || (stamp && stamp->moves != publisher_moves_);
}

bool StreamChecker::OnSequence(int64_t sequence, bool moved, ReceiverStats& stats) {
  const auto bit = [](int64_t n) { return static_cast<size_t>(n & (kWindow - 1)); };
  if (!highest_) {
    highest_ = sequence;
    arrived_.set();
    return true;
  }
  if (sequence > *highest_) {
    for (int64_t n = *highest_ + 1; n <= sequence; ++n) {
      if (!arrived_[bit(n)]) CountMissing(bit(n));
      arrived_[bit(n)] = n == sequence;
      at_move_[bit(n)] = moved;
    }
    highest_ = sequence;
    return true;
  }
  if (sequence <= *highest_ - kWindow || arrived_[bit(sequence)]) {
    ++stats.duplicates;
    return false;
  }
  arrived_.set(bit(sequence));
  ++stats.late;
  return true;
}

void StreamChecker::OnCounter(const PacketStamp& stamp, ReceiverStats& stats) {
  if (stamp_stream_ != stamp.stream) {
    if (stamp_stream_) ++stats.layer_switches;
    stamp_stream_ = stamp.stream;
    highest_counter_ = stamp.counter;
    frames_.fill({});
    last_decoded_.reset();
    return;
  }
  const auto ahead = static_cast<int32_t>(stamp.counter - highest_counter_);
  if (ahead > 0) {
    counter_gaps_ += ahead - 1;
    highest_counter_ = stamp.counter;
  } else {
    --counter_gaps_;
  }
}

void StreamChecker::OnVideo(const PacketStamp& stamp, bool starts_keyframe, Timestamp now,
                            LoadStats& stats) {
  Frame& frame = frames_[stamp.frame % kFrames];
  if (frame.number != stamp.frame || frame.received == 0) {
    frame = {.number = stamp.frame, .count = stamp.count};
  }
  frame.keyframe = frame.keyframe || starts_keyframe;
  if (++frame.received != frame.count) return;
  const Frame* next = &frame;
  const bool decodable = next->keyframe || (last_decoded_ && next->number == *last_decoded_ + 1);
  if (!decodable) return;
  // Frames behind it may have been complete before.
  while (next->received == next->count && next->received > 0) {
    Decode(*next, now, stats);
    next = &frames_[(*last_decoded_ + 1) % kFrames];
    if (next->number != *last_decoded_ + 1) break;
  }
}

void StreamChecker::Decode(const Frame& frame, Timestamp now, LoadStats& stats) {
  last_decoded_ = frame.number;
  last_decoded_at_ = now;
  ++frames_decoded_;
  if (!std::exchange(shown_, true)) stats.first_frame.Record(now - subscribed_);
}

void StreamChecker::Restart() {
  arrived_.set();
  lost_ = lost_at_moves_ = 0;
  counter_gaps_ = 0;
  counted_ = false;
  frames_decoded_ = 0;
}

void StreamChecker::Finish(ReceiverStats& stats) {
  for (size_t bit = 0; bit < kWindow; ++bit) {
    if (!arrived_[bit]) CountMissing(bit);
  }
  stats.lost += lost_;
  stats.lost_at_moves += lost_at_moves_;
  const int64_t withheld = counter_gaps_ - static_cast<int64_t>(lost_ + lost_at_moves_);
  if (withheld > 0) stats.withheld += static_cast<uint64_t>(withheld);
}

size_t StreamChecker::TakeFrames() { return std::exchange(frames_decoded_, 0); }

std::vector<uint16_t> StreamChecker::TakeNacks(Timestamp now, Duration round_trip) {
  if (nacks_.missing() == 0) return {};
  return nacks_.TakeNacks(now, round_trip);
}

bool StreamChecker::TakeKeyframeRequest(Timestamp now) {
  if (kind_ != MediaKind::kVideo || now - last_decoded_at_ < kMaxStall) return false;
  last_decoded_at_ = now;  // the next request is as far away
  return true;
}

}  // namespace ferry::client
