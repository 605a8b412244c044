#include "client/media/engine_port.h"

#include <utility>
#include <variant>

namespace ferry::client {

void EnginePort::OnPacket(ByteSpan packet, Timestamp now) {
  if (!engine_.Receive(packet, now)) ++malformed_;
}

ByteSpan EnginePort::NextPacket(Timestamp now) {
  while (auto output = engine_.Poll(now)) {
    if (auto* packet = std::get_if<session::SendPacket>(&*output)) {
      sending_ = std::move(packet->bytes);
      return sending_;
    }
    if (const auto* frame = std::get_if<session::DecodeFrame>(&*output)) {
      if (on_frame) on_frame(frame->ssrc, frame->frame);
    } else if (on_keyframe_wanted) {
      on_keyframe_wanted(std::get<session::EncodeKeyframe>(*output).ssrc);
    }
  }
  return {};
}

}  // namespace ferry::client
