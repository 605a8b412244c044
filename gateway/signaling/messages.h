// Control messages: docs/protocol.md §2. Parsing is strict about what we use and blind to what we
// do not know; nothing here knows rooms or connections.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/sfu/stream.h"
#include "net/connection.h"
#include "net/protocol.h"

namespace ferry::gateway {

using net::CloseCode;
using net::kProtocolVersion;
using net::Role;
using net::RoomId;
using net::Scene;

// docs/protocol.md §2.3.
enum class SignalingError {
  kSuspended = -100'013,
  kNoPermission = -100'006,
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
  kCannotResume = 20016,
  kTooManyFromAddress = 20017,
  kOriginNotAllowed = 20018,
  kReplaced = 20019,
  kQuotaExceeded = 20020,
};

// Limits of what a message may hold.
inline constexpr size_t kMaxControlDepth = 8;
inline constexpr size_t kMaxUserIdBytes = 128;
inline constexpr size_t kMaxStringRoomIdBytes = 64;
inline constexpr size_t kMaxClientTextBytes = 256;
inline constexpr size_t kMaxStreamIdBytes = 64;
inline constexpr size_t kMaxResumeTokenBytes = 256;
inline constexpr int64_t kMaxEncodingSide = 16'383;  // pixels; what VP8's key frame header can say
inline constexpr int64_t kMinEncodingBps = 1'000;
inline constexpr int64_t kMaxEncodingBps = 1'000'000'000;
inline constexpr int64_t kMaxTileSide = 16'384;  // pixels

std::string ToString(const RoomId& id);

struct JoinRequest {
  uint32_t sdk_app_id = 0;
  std::string user_id;
  std::string user_sig;
  RoomId room;
  Scene scene = Scene::kRtc;
  Role role = Role::kAnchor;
  std::string client;
};
// The first message of a connection that goes on with a session.
struct ResumeRequest {
  std::string token;
  uint64_t ack = 0;  // the last `seq` the client has
};
struct LeaveRequest {};
struct PublishRequest {
  MediaKind kind = MediaKind::kAudio;
  MediaSource source = MediaSource::kMain;
  Codec codec = Codec::kOpus;
  bool muted = false;
  std::vector<EncodingInfo> encodings;  // as asked for, without SSRCs; may be empty
};
struct UpdateStreamRequest {
  std::string stream_id;
  bool muted = false;
};
struct UnpublishRequest {
  std::string stream_id;
};
// What a request says of a LayerPreference; the rest stays as it was.
struct LayerPreferenceChange {
  std::optional<LayerChoice> choice;
  std::optional<std::pair<uint16_t, uint16_t>> tile;  // width and height
  std::optional<bool> paused;

  LayerPreference AppliedTo(LayerPreference preference) const;
};
struct SubscribeRequest {
  std::string stream_id;
  LayerPreferenceChange preference;
};
struct UpdateSubscriptionRequest {
  std::string stream_id;
  LayerPreferenceChange preference;
};
struct UnsubscribeRequest {
  std::string stream_id;
};
struct PingRequest {
  double time_ms = 0;
  std::optional<uint64_t> ack;
};
// Has no id and no answer.
struct AckRequest {
  uint64_t seq = 0;
};
using RequestBody =
    std::variant<JoinRequest, ResumeRequest, LeaveRequest, PublishRequest, UpdateStreamRequest,
                 UnpublishRequest, SubscribeRequest, UpdateSubscriptionRequest, UnsubscribeRequest,
                 PingRequest, AckRequest>;

struct Request {
  int64_t id = 0;  // of an AckRequest: 0
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
  std::vector<Publication> streams;
};

// How the client may come back to its session.
struct ResumeOffer {
  std::string token;
  int64_t timeout_ms = 0;  // after the connection is lost
};

// Answers.
// What the answer to `join` still has room for: a message has at most net::kMaxControlBytes.
class AnswerSpace {
 public:
  // False when there is none for this user.
  bool Take(const UserInfo& user);

 private:
  static constexpr size_t kAnswerBytes = 1024;  // all but the users
  size_t left_ = net::kMaxControlBytes - kAnswerBytes;
};
std::string JoinedAnswer(int64_t id, std::string_view session_id, int64_t server_time_ms,
                         const ResumeOffer& resume, net::TransportKind transport,
                         std::span<const UserInfo> users);
// `last_id`: the last request of the session that was handled.
std::string ResumedAnswer(int64_t id, int64_t last_id, const ResumeOffer& resume);
std::string OkAnswer(int64_t id);
std::string PublishedAnswer(int64_t id, const Publication& stream);
std::string SubscribedAnswer(int64_t id, uint32_t ssrc, Codec codec);
std::string PongAnswer(int64_t id, double time_ms, int64_t server_time_ms);
// An answer when the refusal has an id, else a notification.
std::string ErrorMessage(const Refusal& refusal);
// The same as the reason of a close, "20006 the gateway is full". Over WebTransport a close may
// overtake the last control messages: it rides the CONNECT stream, and the client's end resets the
// session's other streams upon it (draft-ietf-webtrans-http3 §6), whoever has read them or not.
std::string CloseReason(const Refusal& refusal);

// Notifications.
enum class LeaveReason { kLeft = 0, kTimedOut = 1, kKicked = 2 };
std::string UserEnteredMessage(std::string_view user_id);
std::string UserLeftMessage(std::string_view user_id, LeaveReason reason);
std::string StreamAddedMessage(std::string_view user_id, const Publication& stream);
std::string StreamUpdatedMessage(std::string_view user_id, const Publication& stream);
std::string StreamRemovedMessage(std::string_view user_id, std::string_view stream_id);
std::string Kicked(std::string_view reason);
// `reconnect`: whether coming back, here or elsewhere, makes sense.
std::string Closing(std::string_view reason, bool reconnect);
std::string LayerChanged(std::string_view stream_id, ForwardedLayer layer);

// The message with its number in the session, which a client acknowledges.
std::string WithSequence(std::string_view message, uint64_t seq);

}  // namespace ferry::gateway
