// A consumer that counts and checks packets, and a source that plays a file: whatever attaches to a
// room without a connection, for tests.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/sequence_number.h"
#include "core/rtp/rtp_packet.h"
#include "core/rtp/vp8.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/sfu/stream_consumer.h"
#include "gateway/sfu/stream_source.h"

namespace ferry::gateway::testing {

// Takes one stream, all layers of it. What is wrong with a packet is counted as a fault.
class CountingConsumer final : public StreamConsumer {
 public:
  CountingConsumer(SfuWorker& worker, const Publication& stream, unsigned origin_worker,
                   Timestamp now)
      : stream_(stream), attachment_(std::in_place, worker, stream, origin_worker, *this, now) {}

  void OnPacket(const PacketRef& packet, bool newest, Timestamp) override {
    const auto view = rtp::ParseRtp(packet->bytes());
    const bool known = packet->encoding < stream_.encodings.size();
    const bool sound = view && known &&
                       view->header.payload_type == PayloadType(stream_.info.codec) &&
                       view->header.ssrc == stream_.encodings[packet->encoding].ssrc &&
                       view->header.sequence_number == packet->sequence_number &&
                       view->transport_sequence_number_offset != 0;
    if (!sound) {
      ++faults;
      return;
    }
    ++packets;
    bytes += view->payload.size();
    if (packet->facts.starts_keyframe) ++keyframes;
    Encoding& encoding = encodings_[packet->encoding];
    if (newest && encoding.newest) {
      missing += static_cast<uint16_t>(packet->sequence_number - *encoding.newest - 1);
    }
    if (newest) encoding.newest = packet->sequence_number;
    if (!newest) --missing;
    payloads.emplace_back(view->payload.begin(), view->payload.end());
    if (payloads.size() > kMaxPayloads) payloads.erase(payloads.begin());
    markers.push_back(view->header.marker);
    if (markers.size() > kMaxPayloads) markers.erase(markers.begin());
    if (on_change) on_change();
  }
  void OnSenderReport(const rtp::SenderReport&, Timestamp) override { ++reports; }
  void OnStreamEnded() override {
    ended = true;
    attachment_.reset();
    if (on_change) on_change();
  }
  bool video() const { return stream_.info.kind == MediaKind::kVideo; }
  void RequestKeyframe(size_t encoding, Timestamp now) {
    if (attachment_) attachment_->RequestKeyframe(encoding, now);
  }
  void Detach() { attachment_.reset(); }

  std::function<void()> on_change;
  int64_t packets = 0;
  int64_t bytes = 0;
  int64_t keyframes = 0;
  int64_t missing = 0;  // numbers not seen (yet)
  int64_t faults = 0;
  int64_t reports = 0;
  bool ended = false;
  // Of the last packets.
  std::vector<std::vector<uint8_t>> payloads;
  std::vector<bool> markers;

 private:
  static constexpr size_t kMaxPayloads = 64;
  struct Encoding {
    std::optional<uint16_t> newest;
  };
  const Publication stream_;
  std::array<Encoding, kMaxEncodings> encodings_;
  std::optional<StreamAttachment> attachment_;
};

// The frames of an IVF file.
inline std::vector<std::vector<uint8_t>> IvfFrames(ByteSpan file) {
  constexpr size_t kHeader = 32;
  constexpr size_t kFrameHeader = 12;
  std::vector<std::vector<uint8_t>> frames;
  for (size_t at = kHeader; at + kFrameHeader <= file.size();) {
    const size_t size = file[at] | file[at + 1] << 8 | file[at + 2] << 16;
    at += kFrameHeader;
    if (size > file.size() - at) break;
    frames.emplace_back(file.begin() + static_cast<std::ptrdiff_t>(at),
                        file.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  }
  return frames;
}

// Plays VP8 frames over and over as a foreign sender would: other payload type and extension ids
// than ours, no transport-wide numbers.
class FilePlayer final : public SourceRequests {
 public:
  static constexpr uint8_t kPayloadType = 120;
  static constexpr rtp::ExtensionIds kIds{
      .audio_level = 11, .absolute_capture_time = 12, .transport_sequence_number = 0};
  static constexpr uint32_t kFrameTicks = 3000;

  FilePlayer(SfuWorker& worker, const Publication& publication,
             std::vector<std::vector<uint8_t>> frames)
      : frames_(std::move(frames)),
        source_(publication, {.payload_type = kPayloadType, .extensions = kIds}, /*lossy=*/false,
                *this, worker) {}

  // Sends the next frame.
  void Play(Timestamp now) {
    const auto& frame = frames_[next_];
    next_ = (next_ + 1) % frames_.size();
    timestamp_ += kFrameTicks;
    ++picture_;
    rtp::Vp8Packetizer packetizer(frame, {.picture_id = static_cast<uint16_t>(picture_ & 0x7FFF)},
                                  kMaxPayload);
    std::array<uint8_t, rtp::kMaxPacketSize> payload;
    for (size_t size = packetizer.Next(payload); size != 0;) {
      const ByteSpan now_payload = ByteSpan(payload).first(size);
      const std::vector<uint8_t> copy(now_payload.begin(), now_payload.end());
      size = packetizer.Next(payload);
      std::array<uint8_t, rtp::kMaxReceivedPacketSize> packet;
      const auto written = rtp::WriteRtp({.payload_type = kPayloadType,
                                          .marker = size == 0,
                                          .sequence_number = sequence_++,
                                          .timestamp = timestamp_,
                                          .ssrc = 0xF0F0F0F0},
                                         {}, copy, packet);
      if (written && source_.OnRtp(0, ByteSpan(packet).first(*written), now)) ++sent;
    }
  }
  void RequestKeyframe(size_t, Timestamp) override {
    ++keyframe_requests;
    next_ = 0;  // which is one
  }
  void RequestPackets(size_t, const std::vector<uint16_t>&, Timestamp) override {}

  int64_t sent = 0;
  int64_t keyframe_requests = 0;

 private:
  static constexpr size_t kMaxPayload = 1000;
  const std::vector<std::vector<uint8_t>> frames_;
  size_t next_ = 0;
  uint16_t sequence_ = 65'500;
  uint16_t picture_ = 32'760;
  uint32_t timestamp_ = 0xFFFF'0000;
  StreamSource source_;
};

}  // namespace ferry::gateway::testing
