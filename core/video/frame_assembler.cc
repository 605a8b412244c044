#include "core/video/frame_assembler.h"

#include <algorithm>

namespace ferry::video {

Result<std::optional<EncodedFrame>> FrameAssembler::Insert(const rtp::RtpPacket& packet,
                                                           Timestamp arrival) {
  const auto payload = rtp::ParseVp8(packet.payload());
  if (!payload) return std::unexpected(payload.error());

  const int64_t sequence = packet.sequence;
  if (newest_ && sequence <= *newest_ - static_cast<int64_t>(kCapacity)) return std::nullopt;
  newest_ = std::max(sequence, newest_.value_or(sequence));

  Slot& slot = SlotFor(sequence);
  if (slot.used && slot.sequence >= sequence) return std::nullopt;
  slot.used = true;
  slot.sequence = sequence;
  slot.rtp_timestamp = packet.header.timestamp;
  slot.starts_frame = payload->starts_frame();
  slot.starts_keyframe = payload->starts_keyframe();
  slot.ends_frame = packet.header.marker;
  slot.descriptor = payload->descriptor;
  slot.data.assign(payload->data.begin(), payload->data.end());
  return TakeFrame(sequence, arrival);
}

const FrameAssembler::Slot* FrameAssembler::Find(int64_t sequence) const {
  const Slot& slot = slots_[Index(sequence)];
  return slot.used && slot.sequence == sequence ? &slot : nullptr;
}

std::optional<EncodedFrame> FrameAssembler::TakeFrame(int64_t sequence, Timestamp arrival) {
  const uint32_t rtp_timestamp = Find(sequence)->rtp_timestamp;
  const auto belongs = [&](int64_t n) {
    const Slot* slot = Find(n);
    return slot && slot->rtp_timestamp == rtp_timestamp ? slot : nullptr;
  };
  int64_t first = sequence;
  for (const Slot* slot = Find(first); !slot->starts_frame;) {
    slot = belongs(--first);
    if (!slot) return std::nullopt;
  }
  int64_t last = sequence;
  for (const Slot* slot = Find(last); !slot->ends_frame;) {
    slot = belongs(++last);
    if (!slot) return std::nullopt;
  }

  EncodedFrame frame;
  frame.rtp_timestamp = rtp_timestamp;
  frame.keyframe = Find(first)->starts_keyframe;
  frame.descriptor = Find(first)->descriptor;
  frame.first_sequence = first;
  frame.last_sequence = last;
  frame.completed = arrival;
  size_t size = 0;
  for (int64_t n = first; n <= last; ++n) size += Find(n)->data.size();
  frame.data.reserve(size);
  for (int64_t n = first; n <= last; ++n) {
    // The slot stays, emptied, so that a second copy of the packet is recognised.
    std::vector<uint8_t>& data = SlotFor(n).data;
    frame.data.insert(frame.data.end(), data.begin(), data.end());
    data.clear();
  }
  return frame;
}

}  // namespace ferry::video
