// A subscription as the load generator receives it: every packet is checked, every gap told.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>

#include "client/load/load_stats.h"
#include "client/load/packet_stamp.h"
#include "client/signaling/types.h"
#include "core/base/sequence_number.h"
#include "core/rtp/rtp_packet.h"
#include "core/transport/nack_generator.h"

namespace ferry::client {

class StreamChecker {
 public:
  // A video that shows nothing for this long asks for a key frame.
  static constexpr Duration kMaxStall = Duration::Millis(500);

  // Until this long after a move, a gap counts as the move's.
  static constexpr Duration kMoveSettles = Duration::Seconds(1);

  StreamChecker(MediaKind kind, uint32_t ssrc, Timestamp subscribed);

  uint32_t ssrc() const { return ssrc_; }
  MediaKind kind() const { return kind_; }
  void OnPacket(const rtp::RtpPacketView& packet, size_t size, Timestamp now, LoadStats& stats);

  // The subscriber moves, or has moved, to another connection; packets tell of their publisher.
  // Gaps that show soon are of that.
  void OnMove(Timestamp now) { moving_until_ = now + kMoveSettles; }

  // Begins the measured time: what was lost before does not count.
  void Restart();
  // Gaps that are open now are lost. At the end.
  void Finish(ReceiverStats& stats);
  // Frames that could be decoded since the last call.
  size_t TakeFrames();

  // What to ask for again now, on a transport that loses packets.
  std::vector<uint16_t> TakeNacks(Timestamp now, Duration round_trip);
  bool TakeKeyframeRequest(Timestamp now);

  bool started() const { return highest_.has_value(); }
  uint16_t highest_sequence() const { return static_cast<uint16_t>(highest_.value_or(0)); }

 private:
  // Sequence numbers whose arrival is remembered: a second of 10 Mbps.
  static constexpr int64_t kWindow = 1024;
  // Frames that may be incomplete at a time.
  static constexpr size_t kFrames = 16;
  struct Frame {
    uint32_t number = 0;
    uint16_t count = 0;
    uint16_t received = 0;  // `count` when complete, 0: empty
    bool keyframe = false;
  };

  // False when the packet had arrived before.
  bool OnSequence(int64_t sequence, bool moved, ReceiverStats& stats);
  // Whether what is missing before this packet went astray in a move of either end.
  bool IsMove(const std::optional<PacketStamp>& stamp, Timestamp now) const;
  void CountMissing(size_t bit) { ++(at_move_[bit] ? lost_at_moves_ : lost_); }
  void OnCounter(const PacketStamp& stamp, ReceiverStats& stats);
  void OnVideo(const PacketStamp& stamp, bool starts_keyframe, Timestamp now, LoadStats& stats);
  void Decode(const Frame& frame, Timestamp now, LoadStats& stats);

  const MediaKind kind_;
  const uint32_t ssrc_;
  const Timestamp subscribed_;
  Unwrapper<uint16_t> unwrapper_;
  std::optional<int64_t> highest_;
  std::bitset<kWindow> arrived_;
  transport::NackGenerator nacks_;
  std::bitset<kWindow> at_move_;  // of those that have not arrived
  Timestamp moving_until_;
  uint16_t publisher_moves_ = 0;  // as the packet with the highest number told
  uint64_t lost_ = 0;
  uint64_t lost_at_moves_ = 0;
  bool counted_ = false;  // in ReceiverStats::streams

  std::optional<uint32_t> stamp_stream_;
  uint32_t highest_counter_ = 0;
  int64_t counter_gaps_ = 0;  // packets of the publisher that were skipped, by what arrived

  std::array<Frame, kFrames> frames_;
  std::optional<uint32_t> last_decoded_;
  Timestamp last_decoded_at_;
  size_t frames_decoded_ = 0;
  bool shown_ = false;
};

}  // namespace ferry::client
