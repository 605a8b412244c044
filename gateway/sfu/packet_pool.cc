#include "gateway/sfu/packet_pool.h"

#include <cassert>
#include <cstring>

namespace ferry::gateway {

namespace {

void AddTransportSequenceNumber(const rtp::RtpPacketView& view, MediaPacket& packet) {
  rtp::RtpExtensions extensions = view.extensions;
  extensions.transport_sequence_number = 0;
  // It fits: no header that is parsed to these extensions is shorter by more than a block for it.
  const auto size = rtp::WriteRtp(view.header, extensions, view.payload, packet.data);
  assert(size);
  packet.size = static_cast<uint16_t>(size.value_or(0));
  packet.payload_offset = static_cast<uint16_t>(packet.size - view.payload.size());
  packet.transport_sequence_offset =
      static_cast<uint16_t>(rtp::TransportSequenceNumberOffset(extensions));
}

}  // namespace

void PacketRef::Release() {
  if (packet_ && packet_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    packet_->pool_->Return(packet_);
  }
}

PacketPool::~PacketPool() {
  assert(in_use() == 0 && "packets outlive their pool");
  for (MediaPacket* list : {idle_, returned_.load()}) {
    while (list) delete std::exchange(list, list->next_);
  }
}

PacketRef PacketPool::Make(ByteSpan bytes, const rtp::RtpPacketView& view,
                           const PayloadFacts& facts, size_t encoding) {
  assert(bytes.size() <= rtp::kMaxReceivedPacketSize);
  MediaPacket* packet = Take();
  in_use_.fetch_add(1, std::memory_order_relaxed);
  packet->number_added = view.transport_sequence_number_offset == 0;
  if (packet->number_added) {
    AddTransportSequenceNumber(view, *packet);
  } else {
    std::memcpy(packet->data.data(), bytes.data(), bytes.size());
    packet->size = static_cast<uint16_t>(bytes.size());
    packet->payload_offset = static_cast<uint16_t>(view.payload.data() - bytes.data());
    packet->transport_sequence_offset =
        static_cast<uint16_t>(view.transport_sequence_number_offset);
  }
  packet->sequence_number = view.header.sequence_number;
  packet->timestamp = view.header.timestamp;
  packet->payload_type = view.header.payload_type;
  packet->marker = view.header.marker;
  packet->encoding = static_cast<uint8_t>(encoding);
  packet->minus_dbov.reset();
  if (view.extensions.audio_level) packet->minus_dbov = view.extensions.audio_level->minus_dbov;
  packet->facts = facts;
  packet->payload_size = static_cast<uint16_t>(view.payload.size());
  return PacketRef(packet);
}

// Taking the whole returned list at once needs no compare-and-swap against reuse (no ABA).
MediaPacket* PacketPool::Take() {
  if (!idle_) {
    MediaPacket* list = returned_.exchange(nullptr, std::memory_order_acquire);
    while (list) {
      MediaPacket* next = list->next_;
      if (idle_count_ < kMaxIdle) {
        list->next_ = idle_;
        idle_ = list;
        ++idle_count_;
      } else {
        delete list;
      }
      list = next;
    }
  }
  if (!idle_) {
    auto* packet = new MediaPacket;
    packet->pool_ = this;
    return packet;
  }
  --idle_count_;
  return std::exchange(idle_, idle_->next_);
}

void PacketPool::Return(MediaPacket* packet) {
  in_use_.fetch_sub(1, std::memory_order_relaxed);
  packet->next_ = returned_.load(std::memory_order_relaxed);
  while (!returned_.compare_exchange_weak(packet->next_, packet, std::memory_order_release,
                                          std::memory_order_relaxed)) {
  }
}

}  // namespace ferry::gateway
