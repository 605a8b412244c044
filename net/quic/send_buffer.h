// What one stream sends: bytes are kept until the other side has acknowledged them, because they
// may be needed again.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "core/base/bytes.h"

namespace ferry::net {

class SendBuffer {
 public:
  // Kept for one stream: a few of the largest control messages.
  static constexpr size_t kMaxBytes = 256 * 1024;

  // Copies. False, and nothing is taken, over the limit.
  bool Append(ByteSpan bytes);
  // The next bytes to be put into packets, in pieces; answers how many pieces there are.
  size_t Next(std::span<ngtcp2_vec> pieces) const;
  // `count` bytes more were put into packets.
  void Sent(size_t count) { unsent_ -= count; }
  // `count` bytes more, from the front, will not be needed again.
  void Acknowledged(size_t count);

  size_t held() const { return held_; }
  size_t unsent() const { return unsent_; }

 private:
  std::deque<std::vector<uint8_t>> chunks_;
  size_t front_acknowledged_ = 0;  // bytes of the first chunk
  size_t held_ = 0;
  size_t unsent_ = 0;
};

}  // namespace ferry::net
