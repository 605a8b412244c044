// What a stream is: its identity, its codec, its encodings, and what a subscriber wants of it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/protocol.h"

namespace ferry::gateway {

// Unique among all nodes, whatever worker and room.
struct StreamId {
  uint32_t node = 0;  // where it is published
  uint64_t number = 0;
  auto operator<=>(const StreamId&) const = default;
};

using net::LayerChoice;
using net::MediaKind;
using net::MediaSource;
enum class Codec { kOpus, kVp8, kVp9 };

uint8_t PayloadType(Codec codec);
int ClockRate(Codec codec);

// What control messages call a Stream (docs/protocol.md §2.1).
struct StreamInfo {
  std::string stream_id;
  MediaKind kind = MediaKind::kAudio;
  MediaSource source = MediaSource::kMain;
  Codec codec = Codec::kOpus;
  bool muted = false;
};

// The simulcast encodings of a video stream, best first. Audio and plain video have one.
inline constexpr size_t kMaxEncodings = 2;

struct EncodingInfo {
  uint32_t ssrc = 0;
  uint16_t width = 0;  // 0: not told
  uint16_t height = 0;
  uint32_t max_bitrate_bps = 0;  // 0: not told
};

struct Publication {
  StreamId key;
  StreamInfo info;
  std::vector<EncodingInfo> encodings;  // 1 to kMaxEncodings: [0] big, [1] small
  uint64_t room = 0;                    // unique in the process: audio is selected within a room
};

// What a subscriber wants to see.
struct LayerPreference {
  LayerChoice choice = LayerChoice::kAuto;
  uint16_t width = 0;  // of the tile that shows it, in pixels; 0: unknown
  uint16_t height = 0;
  bool paused = false;
  bool operator==(const LayerPreference&) const = default;
};

// What a subscriber is being sent.
enum class ForwardedLayer { kNone, kSmall, kBig };

struct SubscriptionRequest {
  StreamId key;
  StreamInfo info;
  unsigned origin_worker = 0;  // the publisher's; a hint, a stream that has moved is found
  uint32_t ssrc = 0;           // under which the subscriber gets it
  uint64_t room = 0;
  LayerPreference preference;
  std::vector<EncodingInfo> encodings;  // the publication's
};

}  // namespace ferry::gateway

template <>
struct std::hash<ferry::gateway::StreamId> {
  size_t operator()(const ferry::gateway::StreamId& id) const noexcept {
    // Numbers count up and nodes are few: neither takes the other's bits.
    return std::hash<uint64_t>{}(id.number ^ uint64_t{id.node} << 40);
  }
};
