// Control messages: docs/protocol.md §2. Parsing is strict about what we use and blind to what we
// do not know; nothing here knows rooms or connections.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/sfu/published_stream.h"

namespace ferry::gateway {

inline constexpr int kProtocolVersion = 1;

// docs/protocol.md §2.3.
enum class SignalingError {
  kBadParameter = -3316,
  kBadSdkAppId = -3317,
  kBadRoomId = -3318,
  kBadUserId = -3319,
  kBadUserSig = -3320,
  kMalformed = 20001,
  kUnknownType = 20002,
  kNotInRoom = 20003,
  kAlreadyInRoom = 20004,
  kRoomFull = 20005,
  kGatewayFull = 20006,
  kNoSuchStream = 20007,
  kAlreadyPublished = 20008,
  kTooManyMessages = 20009,
  kUnsupportedVersion = 20010,
  kShuttingDown = 20011,
  kNoJoin = 20012,
  kFrameTooLarge = 20013,
  kTooManyStreams = 20014,
  kNotAllowed = 20015,
};

// docs/protocol.md §1.
enum class CloseCode : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kTooBig = 1009,
  kReplaced = 4001,
  kNoJoin = 4002,
  kMisbehaved = 4003,
  kSlowReader = 4004,
  kIdle = 4005,
  kJoinRefused = 4006,
};

// Limits of what a message may hold.
inline constexpr size_t kMaxControlDepth = 8;
inline constexpr size_t kMaxUserIdBytes = 128;
inline constexpr size_t kMaxStringRoomIdBytes = 64;
inline constexpr size_t kMaxClientTextBytes = 256;
inline constexpr size_t kMaxStreamIdBytes = 64;

// Numbers and strings are separate name spaces: room 123 is not room "123".
using RoomId = std::variant<uint32_t, std::string>;
std::string ToString(const RoomId& id);

enum class Scene { kRtc, kLive };
enum class Role { kAnchor, kAudience };

struct JoinRequest {
  uint32_t sdk_app_id = 0;
  std::string user_id;
  std::string user_sig;
  RoomId room;
  Scene scene = Scene::kRtc;
  Role role = Role::kAnchor;
  std::string client;
};
struct LeaveRequest {};
struct PublishRequest {
  MediaKind kind = MediaKind::kAudio;
  MediaSource source = MediaSource::kMain;
  Codec codec = Codec::kOpus;
  bool muted = false;
};
struct UpdateStreamRequest {
  std::string stream_id;
  bool muted = false;
};
struct UnpublishRequest {
  std::string stream_id;
};
struct SubscribeRequest {
  std::string stream_id;
};
struct UnsubscribeRequest {
  std::string stream_id;
};
struct PingRequest {
  double time_ms = 0;
};
using RequestBody =
    std::variant<JoinRequest, LeaveRequest, PublishRequest, UpdateStreamRequest, UnpublishRequest,
                 SubscribeRequest, UnsubscribeRequest, PingRequest>;

struct Request {
  int64_t id = 0;
  RequestBody body;
};

// Why a message is not carried out. `id` when the message had a usable one.
struct Refusal {
  std::optional<int64_t> id;
  int code = 0;
  std::string message;
};

std::expected<Request, Refusal> ParseRequest(std::string_view text);

// One user of a room with its streams, as `join` is answered.
struct UserInfo {
  std::string user_id;
  std::vector<StreamInfo> streams;
};

// Answers.
std::string JoinedAnswer(int64_t id, std::string_view session_id, int64_t server_time_ms,
                         const std::vector<UserInfo>& users);
std::string OkAnswer(int64_t id);
std::string PublishedAnswer(int64_t id, std::string_view stream_id, uint32_t ssrc);
std::string SubscribedAnswer(int64_t id, uint32_t ssrc, Codec codec);
std::string PongAnswer(int64_t id, double time_ms, int64_t server_time_ms);
// An answer when the refusal has an id, else a notification.
std::string ErrorMessage(const Refusal& refusal);

// Notifications.
enum class LeaveReason { kLeft = 0, kTimedOut = 1, kKicked = 2, kBecameAudience = 3 };
std::string UserEntered(std::string_view user_id);
std::string UserLeft(std::string_view user_id, LeaveReason reason);
std::string StreamAdded(std::string_view user_id, const StreamInfo& stream);
std::string StreamUpdated(std::string_view user_id, const StreamInfo& stream);
std::string StreamRemoved(std::string_view user_id, std::string_view stream_id);
std::string Kicked(std::string_view reason);
std::string Closing(std::string_view reason);

}  // namespace ferry::gateway
