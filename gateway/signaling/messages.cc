#include "gateway/signaling/messages.h"

#include <nlohmann/json.hpp>
#include <tuple>

namespace ferry::gateway {
namespace {

using nlohmann::json;

std::string Dump(const json& message) {
  // Strings that came from clients were valid UTF-8 when parsed; `replace` makes that certain.
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

const char* Name(MediaKind kind) { return kind == MediaKind::kAudio ? "audio" : "video"; }
const char* Name(MediaSource source) { return source == MediaSource::kMain ? "main" : "sub"; }
const char* Name(Codec codec) {
  switch (codec) {
    case Codec::kOpus:
      return "opus";
    case Codec::kVp8:
      return "vp8";
    case Codec::kVp9:
      return "vp9";
  }
  return "";
}

const char* Name(ForwardedLayer layer) {
  switch (layer) {
    case ForwardedLayer::kNone:
      return "none";
    case ForwardedLayer::kSmall:
      return "small";
    case ForwardedLayer::kBig:
      return "big";
  }
  return "";
}

json ToJson(const Publication& stream) {
  const StreamInfo& info = stream.info;
  json out = {{"streamId", info.stream_id},
              {"kind", Name(info.kind)},
              {"source", Name(info.source)},
              {"codec", Name(info.codec)},
              {"muted", info.muted}};
  for (const EncodingInfo& encoding : stream.encodings) {
    if (encoding.width == 0) continue;  // the publisher did not say
    out["encodings"].push_back({{"width", encoding.width}, {"height", encoding.height}});
  }
  return out;
}

json StreamsToJson(const std::vector<Publication>& streams) {
  json list = json::array();
  for (const auto& stream : streams) list.push_back(ToJson(stream));
  return list;
}

json Ok(int64_t id) { return {{"type", "ok"}, {"id", id}}; }

}  // namespace

std::string ToString(const RoomId& id) {
  if (const auto* number = std::get_if<uint32_t>(&id)) return std::to_string(*number);
  return "\"" + std::get<std::string>(id) + "\"";
}

LayerPreference LayerPreferenceChange::AppliedTo(LayerPreference preference) const {
  if (choice) preference.choice = *choice;
  if (tile) std::tie(preference.width, preference.height) = *tile;
  if (paused) preference.paused = *paused;
  return preference;
}

bool AnswerSpace::Take(const UserInfo& user) {
  // What JSON makes of each at most; a quote or a backslash in a name takes two bytes.
  constexpr size_t kUserBytes = 32;  // all but the name and the streams
  constexpr size_t kStreamBytes = 224;
  const size_t bytes = kUserBytes + 2 * user.user_id.size() + kStreamBytes * user.streams.size();
  if (bytes > left_) return false;
  left_ -= bytes;
  return true;
}

std::string JoinedAnswer(int64_t id, std::string_view session_id, int64_t server_time_ms,
                         const ResumeOffer& resume, net::TransportKind transport,
                         std::span<const UserInfo> users) {
  json message = Ok(id);
  message["sessionId"] = session_id;
  message["serverTimeMs"] = server_time_ms;
  message["resumeToken"] = resume.token;
  message["resumeTimeoutMs"] = resume.timeout_ms;
  message["transport"] = transport == net::TransportKind::kWebSocket ? "websocket" : "webtransport";
  json& list = message["users"] = json::array();
  for (const auto& user : users) {
    list.push_back({{"userId", user.user_id}, {"streams", StreamsToJson(user.streams)}});
  }
  return Dump(message);
}

std::string ResumedAnswer(int64_t id, int64_t last_id, const ResumeOffer& resume) {
  json message = Ok(id);
  message["lastId"] = last_id;
  message["resumeToken"] = resume.token;
  message["resumeTimeoutMs"] = resume.timeout_ms;
  return Dump(message);
}

std::string OkAnswer(int64_t id) { return Dump(Ok(id)); }

std::string PublishedAnswer(int64_t id, const Publication& stream) {
  json message = Ok(id);
  message["streamId"] = stream.info.stream_id;
  message["ssrc"] = stream.encodings.front().ssrc;
  json& list = message["ssrcs"] = json::array();
  for (const EncodingInfo& encoding : stream.encodings) list.push_back(encoding.ssrc);
  return Dump(message);
}

std::string SubscribedAnswer(int64_t id, uint32_t ssrc, Codec codec) {
  json message = Ok(id);
  message["ssrc"] = ssrc;
  message["codec"] = Name(codec);
  return Dump(message);
}

std::string PongAnswer(int64_t id, double time_ms, int64_t server_time_ms) {
  json message = Ok(id);
  message["timeMs"] = time_ms;
  message["serverTimeMs"] = server_time_ms;
  return Dump(message);
}

std::string ErrorMessage(const Refusal& refusal) {
  json message = {{"type", "error"}, {"code", refusal.code}, {"message", refusal.message}};
  if (refusal.id) message["id"] = *refusal.id;
  return Dump(message);
}

std::string CloseReason(const Refusal& refusal) {
  return std::to_string(refusal.code) + " " + refusal.message;
}

std::string UserEnteredMessage(std::string_view user_id) {
  return Dump({{"type", "user-entered"}, {"userId", user_id}});
}

std::string UserLeftMessage(std::string_view user_id, LeaveReason reason) {
  return Dump({{"type", "user-left"}, {"userId", user_id}, {"reason", static_cast<int>(reason)}});
}

std::string StreamAddedMessage(std::string_view user_id, const Publication& stream) {
  return Dump({{"type", "stream-added"}, {"userId", user_id}, {"stream", ToJson(stream)}});
}

std::string StreamUpdatedMessage(std::string_view user_id, const Publication& stream) {
  return Dump({{"type", "stream-updated"}, {"userId", user_id}, {"stream", ToJson(stream)}});
}

std::string StreamRemovedMessage(std::string_view user_id, std::string_view stream_id) {
  return Dump({{"type", "stream-removed"}, {"userId", user_id}, {"streamId", stream_id}});
}

std::string Kicked(std::string_view reason) {
  return Dump({{"type", "kicked"}, {"reason", reason}});
}

std::string Closing(std::string_view reason, bool reconnect) {
  return Dump({{"type", "closing"}, {"reason", reason}, {"reconnect", reconnect}});
}

std::string LayerChanged(std::string_view stream_id, ForwardedLayer layer) {
  return Dump({{"type", "layer-changed"}, {"streamId", stream_id}, {"layer", Name(layer)}});
}

std::string WithSequence(std::string_view message, uint64_t seq) {
  std::string out = "{\"seq\":" + std::to_string(seq) + ",";
  out += message.substr(1);  // every message is an object with a type
  return out;
}

}  // namespace ferry::gateway
