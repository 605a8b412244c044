#include "core/session/output.h"

#include <utility>

namespace ferry::session {

void OutputQueue::Push(Output output) {
  if (outputs_.size() >= kMaxOutputs) {
    outputs_.pop_front();
    ++dropped_;
  }
  outputs_.push_back(std::move(output));
}

void OutputQueue::PushRtcp(const rtp::RtcpPacket& packet) {
  std::vector<uint8_t> bytes;
  // Everything sent by a session is within its format's bounds.
  if (rtp::AppendRtcp(packet, bytes)) Push(SendPacket{.bytes = std::move(bytes)});
}

std::optional<Output> OutputQueue::Pop() {
  if (outputs_.empty()) return std::nullopt;
  std::optional<Output> output(std::move(outputs_.front()));
  outputs_.pop_front();
  return output;
}

}  // namespace ferry::session
