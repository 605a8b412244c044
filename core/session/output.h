// What a session wants done, and what of it waits to be taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>
#include <vector>

#include "core/rtp/rtcp.h"
#include "core/session/video_receiver.h"

namespace ferry::session {

enum class PacketKind { kAudio, kVideo, kControl };

// Send these bytes to the other side.
struct SendPacket {
  PacketKind kind = PacketKind::kControl;
  std::vector<uint8_t> bytes;
};
// Decode this frame now and show it.
struct DecodeFrame {
  uint32_t ssrc = 0;
  VideoReceiver::Frame frame;
};
// Encode the next frame of this published video as a key frame.
struct EncodeKeyframe {
  uint32_t ssrc = 0;
};
using Output = std::variant<SendPacket, DecodeFrame, EncodeKeyframe>;

class OutputQueue {
 public:
  // Beyond it the oldest go. A caller that polls after every call never comes near: the largest
  // frame is about 3 900 packets.
  static constexpr size_t kMaxOutputs = 8192;

  void Push(Output output);
  void PushRtcp(const rtp::RtcpPacket& packet);
  std::optional<Output> Pop();
  uint64_t dropped() const { return dropped_; }

 private:
  std::deque<Output> outputs_;
  uint64_t dropped_ = 0;
};

}  // namespace ferry::session
