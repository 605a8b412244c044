// What both ends mean by the words of docs/protocol.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>

namespace ferry::net {

inline constexpr int kProtocolVersion = 1;

// Numbers and strings are separate name spaces: room 123 is not room "123".
using RoomId = std::variant<uint32_t, std::string>;

enum class Scene { kRtc, kLive };
enum class Role { kAnchor, kAudience };
enum class MediaKind { kAudio, kVideo };
enum class MediaSource { kMain, kSub };
// Which encoding of a video a subscriber gets; kAuto lets the gateway choose by bandwidth and tile.
enum class LayerChoice { kAuto, kBig, kSmall };

// docs/protocol.md §1.1.
// The first are RFC 6455's own (§7.4.1).
enum class CloseCode : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kBrokenFraming = 1002,
  kNotUtf8 = 1007,
  kTooBig = 1009,
  kTryAgainLater = 1013,
  kReplaced = 4001,
  kNoJoin = 4002,
  kMisbehaved = 4003,
  kSlowReader = 4004,
  kIdle = 4005,
  kJoinRefused = 4006,
  kCannotResume = 4007,
  kMoved = 4008,
};
inline constexpr std::array kCloseCodes{
    CloseCode::kNormal,       CloseCode::kGoingAway, CloseCode::kBrokenFraming,
    CloseCode::kNotUtf8,      CloseCode::kTooBig,    CloseCode::kTryAgainLater,
    CloseCode::kReplaced,     CloseCode::kNoJoin,    CloseCode::kMisbehaved,
    CloseCode::kSlowReader,   CloseCode::kIdle,      CloseCode::kJoinRefused,
    CloseCode::kCannotResume, CloseCode::kMoved};
// As it stands in a close frame or a WebTransport session's end.
constexpr uint16_t ToWire(CloseCode code) { return static_cast<uint16_t>(code); }

}  // namespace ferry::net
