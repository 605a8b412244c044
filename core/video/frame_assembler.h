// Puts encoded video frames together from RTP packets in any order (RFC 7741 §4.4).
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/units.h"
#include "core/rtp/rtp_packet.h"
#include "core/rtp/vp8.h"

namespace ferry::video {

struct EncodedFrame {
  std::vector<uint8_t> data;
  uint32_t rtp_timestamp = 0;
  bool keyframe = false;
  rtp::Vp8Descriptor descriptor;  // of its first packet: its place among the temporal layers
  // RtpPacket::sequence of the first and last packet: a frame whose first follows the last
  // of the frame before is continuous with it.
  int64_t first_sequence = 0;
  int64_t last_sequence = 0;
  Timestamp completed;  // arrival of the packet that completed it
};

class FrameAssembler {
 public:
  // Packets kept while their frames are incomplete: about 4 s of 2.4 Mbps.
  static constexpr size_t kCapacity = 1024;

  // Takes a VP8 packet and returns the frame that it completes, if it does. Packets seen before are
  // ignored; a payload that is not VP8 is an error.
  Result<std::optional<EncodedFrame>> Insert(const rtp::RtpPacket& packet, Timestamp arrival);

 private:
  struct Slot {
    bool used = false;
    int64_t sequence = 0;
    uint32_t rtp_timestamp = 0;
    bool starts_frame = false;
    bool starts_keyframe = false;
    bool ends_frame = false;
    rtp::Vp8Descriptor descriptor;
    std::vector<uint8_t> data;
  };
  const Slot* Find(int64_t sequence) const;
  // Also of negative numbers, as those before the first packet may be.
  static size_t Index(int64_t sequence) {
    static_assert(std::has_single_bit(kCapacity));
    return static_cast<size_t>(sequence) % kCapacity;
  }
  Slot& SlotFor(int64_t sequence) { return slots_[Index(sequence)]; }
  std::optional<EncodedFrame> TakeFrame(int64_t sequence, Timestamp arrival);

  std::optional<int64_t> newest_;
  std::vector<Slot> slots_ = std::vector<Slot>(kCapacity);
};

}  // namespace ferry::video
