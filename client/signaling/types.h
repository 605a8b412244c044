// What control messages speak of (docs/protocol.md §2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/protocol.h"

namespace ferry::client {

using net::kProtocolVersion;
using net::MediaKind;
using net::MediaSource;
using net::Role;
using net::RoomId;
using net::Scene;
using Layer = net::LayerChoice;

struct JoinParams {
  uint32_t sdk_app_id = 0;
  std::string user_id;
  std::string user_sig;
  RoomId room;
  Scene scene = Scene::kRtc;
  Role role = Role::kAnchor;
  std::string client;  // name and version, for the gateway's log; at most 256 bytes
};

// One encoding of a published video, the big one first. `max_bitrate_bps` is known to its publisher
// alone.
struct Encoding {
  int width = 0;
  int height = 0;
  int64_t max_bitrate_bps = 0;
  bool operator==(const Encoding&) const = default;
};

struct PublishParams {
  MediaKind kind = MediaKind::kAudio;
  MediaSource source = MediaSource::kMain;
  std::string codec;  // "opus", "vp8" or "vp9"
  bool muted = false;
  std::vector<Encoding> encodings;  // of video: none, one, or big and small
};

// How a subscriber wants a video.
struct LayerPreference {
  Layer layer = Layer::kAuto;
  int width = 0;  // of the tile, in pixels; 0: unknown
  int height = 0;
  bool paused = false;
};

// A stream of another user.
struct RemoteStream {
  std::string stream_id;
  MediaKind kind = MediaKind::kAudio;
  MediaSource source = MediaSource::kMain;
  std::string codec;
  bool muted = false;
  std::vector<Encoding> encodings;
};

struct RemoteUser {
  std::string user_id;
  std::vector<RemoteStream> streams;
};

}  // namespace ferry::client
