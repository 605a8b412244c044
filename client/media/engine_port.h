// The media engine of core/session behind a session: packets in and out, frames to decode and
// requests to encode to whoever owns it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "client/session.h"
#include "core/session/media_session.h"

namespace ferry::client {

class EnginePort final : public MediaPort {
 public:
  explicit EnginePort(uint64_t seed) : engine_(seed) {}

  // Called while the connection asks for packets, or from Poll.
  std::function<void(uint32_t ssrc, const session::VideoReceiver::Frame& frame)> on_frame;
  std::function<void(uint32_t ssrc)> on_keyframe_wanted;

  session::MediaSession& engine() { return engine_; }
  void OnPacket(ByteSpan packet, Timestamp now) override;
  ByteSpan NextPacket(Timestamp now) override;
  uint64_t malformed() const { return malformed_; }

 private:
  session::MediaSession engine_;
  std::vector<uint8_t> sending_;
  uint64_t malformed_ = 0;
};

}  // namespace ferry::client
