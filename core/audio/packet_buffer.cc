#include "core/audio/packet_buffer.h"

#include <algorithm>
#include <utility>

namespace ferry {

PacketBuffer::InsertResult PacketBuffer::Insert(BufferedPacket packet) {
  // From the back: packets mostly come in order.
  auto place = packets_.end();
  while (place != packets_.begin() && std::prev(place)->timestamp > packet.timestamp) --place;
  if (place != packets_.begin() && std::prev(place)->timestamp == packet.timestamp) {
    return InsertResult::kDuplicate;
  }
  packets_.insert(place, std::move(packet));
  if (packets_.size() <= max_packets_) return InsertResult::kInserted;
  packets_.erase(packets_.begin());
  return InsertResult::kInsertedDroppedOldest;
}

BufferedPacket PacketBuffer::PopFront() {
  BufferedPacket packet = std::move(packets_.front());
  packets_.erase(packets_.begin());
  return packet;
}

int64_t PacketBuffer::samples() const {
  int64_t total = 0;
  for (const BufferedPacket& packet : packets_) total += packet.samples;
  return total;
}

}  // namespace ferry
