// Media packets as they came from a publisher: parsed once, kept once, shared by reference between
// the send queues and retransmission caches of all subscribers.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/rtp/rtp_packet.h"
#include "gateway/sfu/payload_facts.h"

namespace ferry::gateway {

class PacketPool;

// The bytes and what forwarding needs to know about them; not changed after it was filled.
struct MediaPacket {
  // A header extension block of one transport-wide sequence number is 8 bytes.
  static constexpr size_t kMaxSize = rtp::kMaxReceivedPacketSize + 8;

  ByteSpan bytes() const { return {data.data(), size}; }

  uint16_t size = 0;
  uint16_t sequence_number = 0;  // the publisher's
  uint32_t timestamp = 0;
  uint8_t payload_type = 0;
  bool marker = false;
  uint8_t encoding = 0;               // index of its SSRC in the publication
  std::optional<uint8_t> minus_dbov;  // of audio: RFC 6464, if it tells
  PayloadFacts facts;
  uint16_t payload_size = 0;
  uint16_t payload_offset = 0;
  // Where the transport-wide sequence number stands: each packet has room for one.
  uint16_t transport_sequence_offset = 0;
  // The publisher's had none: where the packet is too large with it, it goes without.
  bool number_added = false;
  std::array<uint8_t, kMaxSize> data;

 private:
  friend class PacketPool;
  friend class PacketRef;
  std::atomic<uint32_t> references_{0};
  PacketPool* pool_ = nullptr;
  MediaPacket* next_ = nullptr;
};

// Counts its packet; the last one gives it back to its pool.
class PacketRef {
 public:
  PacketRef() = default;
  PacketRef(const PacketRef& other) : packet_(other.packet_) { Acquire(); }
  PacketRef(PacketRef&& other) noexcept : packet_(std::exchange(other.packet_, nullptr)) {}
  PacketRef& operator=(PacketRef other) noexcept {
    std::swap(packet_, other.packet_);
    return *this;
  }
  ~PacketRef() { Release(); }

  const MediaPacket* operator->() const { return packet_; }
  const MediaPacket& operator*() const { return *packet_; }
  explicit operator bool() const { return packet_ != nullptr; }

 private:
  friend class PacketPool;
  explicit PacketRef(MediaPacket* packet) : packet_(packet) { Acquire(); }
  void Acquire() {
    if (packet_) packet_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  void Release();

  MediaPacket* packet_ = nullptr;
};

// Packets for one worker thread. Make() belongs to that thread; references may end on any thread
// (a room's subscribers need not live where its publisher does), which costs one atomic push.
// The pool must outlive its packets.
class PacketPool {
 public:
  // Packets kept for reuse; those beyond go back to the heap. 4096 are 5 MB: the burst of some ten
  // 2 Mbps publishers within a cache's second.
  static constexpr size_t kMaxIdle = 4096;

  PacketPool() = default;
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;
  ~PacketPool();

  // A copy of `bytes` (at most rtp::kMaxReceivedPacketSize) with the facts of `view`, their parse.
  // A packet without a transport-wide sequence number is written anew with room for one: without
  // padding, CSRCs and extensions that the protocol does not know.
  PacketRef Make(ByteSpan bytes, const rtp::RtpPacketView& view, const PayloadFacts& facts,
                 size_t encoding = 0);

  size_t idle() const { return idle_count_; }
  size_t in_use() const { return in_use_.load(std::memory_order_relaxed); }

 private:
  friend class PacketRef;
  void Return(MediaPacket* packet);
  MediaPacket* Take();

  MediaPacket* idle_ = nullptr;
  size_t idle_count_ = 0;
  std::atomic<MediaPacket*> returned_{nullptr};
  std::atomic<size_t> in_use_{0};
};

}  // namespace ferry::gateway
