// A publisher's stream as the load generator makes it: RTP as of a real encoder, but for the media
// in it (packet_stamp.h).
#pragma once

#include <cstdint>
#include <vector>

#include "client/load/packet_queue.h"
#include "client/load/packet_stamp.h"
#include "client/signaling/types.h"
#include "core/rtp/rtcp.h"
#include "core/rtp/rtp_packet.h"
#include "core/transport/packet_history.h"

namespace ferry::client {

struct StreamShape {
  MediaKind kind = MediaKind::kVideo;
  DataRate bitrate;  // of whole RTP packets
  int fps = 30;      // of audio: 50, a packet each 20 ms
  size_t packet_bytes = rtp::kMaxPacketSize;
  int width = 0;
  int height = 0;
};

class SyntheticStream {
 public:
  // A key frame takes as much as this many other frames, which those after it save.
  static constexpr int kKeyframeFactor = 4;
  // RFC 6464 levels of somebody who speaks, and of somebody who does not.
  static constexpr uint8_t kLoudMinusDbov = 20;
  static constexpr uint8_t kQuietMinusDbov = 80;
  // No packet is smaller: header, extensions, descriptor and stamp.
  static constexpr size_t kMinPacketBytes = 96;

  // `stamp_stream`: see PacketStamp::stream. The first frame is due at `start`.
  SyntheticStream(const StreamShape& shape, uint32_t ssrc, uint32_t stamp_stream, Timestamp start);

  uint32_t ssrc() const { return ssrc_; }
  // Makes the frames that are due; returns how many packets found no room and are lost.
  size_t Produce(Timestamp now, PacketQueue& out);
  void RequestKeyframe() { keyframe_wanted_ = true; }
  // Whether the packet was to be had, and was not sent again within the last `round_trip`.
  bool Resend(uint16_t sequence_number, Duration round_trip, Timestamp now, PacketQueue& out);
  void SetLoud(bool loud) { loud_ = loud; }
  // Its publisher moves to another connection.
  void OnMove() { ++moves_; }
  rtp::SenderReport BuildSenderReport(Timestamp now) const;

 private:
  void MakeFrame(Timestamp now, PacketQueue& out);
  void MakePacket(const PacketStamp& stamp, size_t bytes, bool keyframe, PacketQueue& out);
  // False when there is no room.
  static bool Queue(const rtp::RtpPacket& packet, PacketQueue& out);
  size_t FillPayload(const PacketStamp& stamp, size_t bytes, bool keyframe);
  uint32_t RtpTimestamp(Timestamp time) const;

  const StreamShape shape_;
  const uint32_t ssrc_;
  const uint32_t stamp_stream_;
  uint16_t moves_ = 0;
  Timestamp next_frame_;
  int64_t budget_bytes_ = 0;  // what the bitrate allows and no frame has taken yet
  bool keyframe_wanted_ = true;
  bool loud_ = false;
  uint16_t sequence_ = 0;
  uint32_t counter_ = 0;
  uint32_t frame_ = 0;
  uint32_t payload_octets_ = 0;
  size_t overflowed_ = 0;         // since the last Produce
  std::vector<uint8_t> payload_;  // scratch
  transport::PacketHistory history_;
};

}  // namespace ferry::client
