// The gateway's control messages (docs/protocol.md §2): strict about what is used, blind to what is
// not known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "client/signaling/types.h"
#include "core/base/error.h"

namespace ferry::client {

// Limits of what a message may hold, as the gateway's own (docs/protocol.md §1, §2.1).
inline constexpr size_t kMaxControlDepth = 8;
inline constexpr size_t kMaxResumeTokenBytes = 256;

// Why a request was refused (docs/protocol.md §2.3).
struct RequestError {
  int code = 0;
  std::string message;
};

// An answer has what its request asked for; all else is empty.
struct Answer {
  int64_t id = 0;
  std::optional<RequestError> error;
  // To join.
  std::string session_id;
  std::vector<RemoteUser> users;
  // To join and resume.
  std::string resume_token;
  int64_t resume_timeout_ms = 0;
  std::optional<int64_t> last_id;  // resume: the last request that was handled
  // To publish and subscribe.
  std::string stream_id;
  std::optional<uint32_t> ssrc;
  std::vector<uint32_t> ssrcs;  // of the encodings, the big one first
  // To ping.
  std::optional<double> time_ms;
};

struct UserEntered {
  std::string user_id;
};
struct UserLeft {
  std::string user_id;
  int reason = 0;
};
struct StreamAdded {
  std::string user_id;
  RemoteStream stream;
};
struct StreamUpdated {
  std::string user_id;
  RemoteStream stream;
};
struct StreamRemoved {
  std::string user_id;
  std::string stream_id;
};
struct LayerChanged {
  std::string stream_id;
  std::optional<Layer> layer;  // nullopt: nothing, the bandwidth suffices for no layer
};
struct Kicked {
  std::string reason;
};
struct Closing {
  std::string reason;
  bool reconnect = false;
};
// A message of ours without usable id was refused.
struct Refused {
  RequestError error;
};
using Notification = std::variant<UserEntered, UserLeft, StreamAdded, StreamUpdated, StreamRemoved,
                                  LayerChanged, Kicked, Closing, Refused>;

struct GatewayMessage {
  // Of what is repeated after a resume; 0: the message has none.
  int64_t seq = 0;
  // Neither: of a type that is not known.
  std::variant<std::monostate, Answer, Notification> body;
};

Result<GatewayMessage> ParseGatewayMessage(std::string_view text);

// The error that the reason of a close repeats, as "20006 the gateway is full" (docs/protocol.md
// §1): a close may overtake the message with it. nullopt: the reason tells none.
std::optional<RequestError> ParseCloseReason(std::string_view reason);

}  // namespace ferry::client
