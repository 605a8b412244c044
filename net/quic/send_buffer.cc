#include "net/quic/send_buffer.h"

#include <algorithm>

namespace ferry::net {

bool SendBuffer::Append(ByteSpan bytes) {
  if (held_ + bytes.size() > kMaxBytes) return false;
  if (bytes.empty()) return true;
  // Small writes share a chunk, so that many of them need few pieces; a chunk never grows beyond
  // its capacity, for its bytes must not move while they are in flight.
  std::vector<uint8_t>* last = chunks_.empty() ? nullptr : &chunks_.back();
  if (last == nullptr || last->capacity() - last->size() < bytes.size()) {
    static constexpr size_t kChunkBytes = 1024;
    chunks_.emplace_back().reserve(std::max(bytes.size(), kChunkBytes));
    last = &chunks_.back();
  }
  last->insert(last->end(), bytes.begin(), bytes.end());
  held_ += bytes.size();
  unsent_ += bytes.size();
  return true;
}

size_t SendBuffer::Next(std::span<ngtcp2_vec> pieces) const {
  size_t skip = front_acknowledged_ + held_ - unsent_;
  size_t count = 0;
  for (const auto& chunk : chunks_) {
    if (count == pieces.size()) break;
    if (skip >= chunk.size()) {
      skip -= chunk.size();
      continue;
    }
    // ngtcp2 reads only, but its type is not const.
    pieces[count++] = {const_cast<uint8_t*>(chunk.data()) + skip, chunk.size() - skip};
    skip = 0;
  }
  return count;
}

void SendBuffer::Acknowledged(size_t count) {
  count = std::min(count, held_ - unsent_);
  held_ -= count;
  front_acknowledged_ += count;
  while (!chunks_.empty() && front_acknowledged_ >= chunks_.front().size()) {
    front_acknowledged_ -= chunks_.front().size();
    chunks_.pop_front();
  }
}

}  // namespace ferry::net
