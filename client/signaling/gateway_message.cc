#include "client/signaling/gateway_message.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "net/connection.h"

namespace ferry::client {
namespace {

using nlohmann::json;

// Collects members; what is missing or of another type is remembered, so that a parser reads a
// whole message and checks ok() once.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {
    if (!object.is_object()) bad_ = "the message";
  }

  bool ok() const { return bad_.empty(); }
  const std::string& bad() const { return bad_; }
  bool Has(const char* name) const { return object_.contains(name); }

  std::string Text(const char* name) {
    const json* member = Find(name);
    if (member && member->is_string()) return member->get<std::string>();
    return Bad<std::string>(name);
  }
  bool Flag(const char* name) {
    const json* member = Find(name);
    if (member && member->is_boolean()) return member->get<bool>();
    return Bad<bool>(name);
  }
  double Number(const char* name) {
    const json* member = Find(name);
    if (member && member->is_number()) return member->get<double>();
    return Bad<double>(name);
  }
  // An integer in [least, most], however JSON spells it.
  int64_t Integer(const char* name, int64_t least, int64_t most) {
    const json* member = Find(name);
    if (!member || !member->is_number()) return Bad<int64_t>(name);
    const double value = member->get<double>();
    if (!(value >= static_cast<double>(least) && value <= static_cast<double>(most)) ||
        value != std::floor(value)) {
      return Bad<int64_t>(name);
    }
    return static_cast<int64_t>(value);
  }
  const json& List(const char* name) {
    static const json kNone = json::array();
    const json* member = Find(name);
    if (member && member->is_array()) return *member;
    bad_ = name;
    return kNone;
  }
  template <typename T>
  T Bad(const char* name) {
    if (bad_.empty()) bad_ = name;
    return T{};
  }

 private:
  const json* Find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  const json& object_;
  std::string bad_;
};

// Integers beyond it are not exact in JSON's doubles.
constexpr int64_t kMaxCounter = int64_t{1} << 53;

std::optional<Encoding> ParseEncoding(const json& object) {
  Members members(object);
  Encoding encoding;
  encoding.width = static_cast<int>(members.Integer("width", 0, UINT16_MAX));
  encoding.height = static_cast<int>(members.Integer("height", 0, UINT16_MAX));
  if (!members.ok()) return std::nullopt;
  return encoding;
}

std::optional<RemoteStream> ParseStream(const json& object) {
  Members members(object);
  RemoteStream stream;
  stream.stream_id = members.Text("streamId");
  const std::string kind = members.Text("kind");
  const std::string source = members.Text("source");
  stream.codec = members.Text("codec");
  stream.muted = members.Flag("muted");
  if (!members.ok() || (kind != "audio" && kind != "video")) return std::nullopt;
  if (source != "main" && source != "sub") return std::nullopt;
  stream.kind = kind == "audio" ? MediaKind::kAudio : MediaKind::kVideo;
  stream.source = source == "main" ? MediaSource::kMain : MediaSource::kSub;
  if (!members.Has("encodings")) return stream;
  for (const json& each : members.List("encodings")) {
    const auto encoding = ParseEncoding(each);
    if (!encoding) return std::nullopt;
    stream.encodings.push_back(*encoding);
  }
  return stream;
}

std::optional<RemoteUser> ParseUser(const json& object) {
  Members members(object);
  RemoteUser user;
  user.user_id = members.Text("userId");
  for (const json& each : members.List("streams")) {
    auto stream = ParseStream(each);
    if (!stream) return std::nullopt;
    user.streams.push_back(std::move(*stream));
  }
  if (!members.ok()) return std::nullopt;
  return user;
}

Answer ParseAnswer(const json& object, Members& members, bool ok) {
  Answer answer;
  answer.id = members.Integer("id", 0, kMaxCounter);
  if (!ok) {
    answer.error = {.code = static_cast<int>(members.Integer("code", INT32_MIN, INT32_MAX)),
                    .message = members.Text("message")};
    return answer;
  }
  if (members.Has("sessionId")) answer.session_id = members.Text("sessionId");
  if (members.Has("users")) {
    for (const json& each : members.List("users")) {
      auto user = ParseUser(each);
      if (!user) return members.Bad<Answer>("users");
      answer.users.push_back(std::move(*user));
    }
  }
  if (members.Has("resumeToken")) {
    answer.resume_token = members.Text("resumeToken");
    if (answer.resume_token.size() > kMaxResumeTokenBytes) members.Bad<int>("resumeToken");
  }
  if (members.Has("resumeTimeoutMs")) {
    answer.resume_timeout_ms = members.Integer("resumeTimeoutMs", 0, kMaxCounter);
  }
  if (members.Has("lastId")) answer.last_id = members.Integer("lastId", 0, kMaxCounter);
  if (members.Has("streamId")) answer.stream_id = members.Text("streamId");
  if (members.Has("ssrc")) {
    answer.ssrc = static_cast<uint32_t>(members.Integer("ssrc", 0, UINT32_MAX));
  }
  if (members.Has("ssrcs")) {
    for (const json& each : members.List("ssrcs")) {
      if (!each.is_number_unsigned() || each.get<uint64_t>() > UINT32_MAX) {
        return members.Bad<Answer>("ssrcs");
      }
      answer.ssrcs.push_back(each.get<uint32_t>());
    }
  }
  if (object.contains("timeMs")) {
    const double time_ms = members.Number("timeMs");
    if (!(time_ms >= 0 && time_ms <= static_cast<double>(kMaxCounter))) members.Bad<int>("timeMs");
    answer.time_ms = time_ms;
  }
  return answer;
}

std::optional<Layer> ParseLayer(Members& members) {
  const std::string layer = members.Text("layer");
  if (layer == "none") return std::nullopt;
  if (layer == "big") return Layer::kBig;
  if (layer == "small") return Layer::kSmall;
  return members.Bad<Layer>("layer");
}

template <typename T>
T ParseStreamChange(const json& object, Members& members) {
  T change;
  change.user_id = members.Text("userId");
  auto stream = object.contains("stream") ? ParseStream(object["stream"]) : std::nullopt;
  if (!stream) return members.Bad<T>("stream");
  change.stream = std::move(*stream);
  return change;
}

std::optional<Notification> ParseNotification(const std::string& type, const json& object,
                                              Members& members) {
  if (type == "user-entered") return UserEntered{members.Text("userId")};
  if (type == "user-left") {
    return UserLeft{members.Text("userId"),
                    static_cast<int>(members.Integer("reason", INT32_MIN, INT32_MAX))};
  }
  if (type == "stream-added") return ParseStreamChange<StreamAdded>(object, members);
  if (type == "stream-updated") return ParseStreamChange<StreamUpdated>(object, members);
  if (type == "stream-removed") {
    return StreamRemoved{members.Text("userId"), members.Text("streamId")};
  }
  if (type == "layer-changed") return LayerChanged{members.Text("streamId"), ParseLayer(members)};
  if (type == "kicked") return Kicked{members.Text("reason")};
  if (type == "closing") {
    const bool reconnect = members.Has("reconnect") && members.Flag("reconnect");
    return Closing{members.Text("reason"), reconnect};
  }
  if (type == "error") {
    return Refused{
        {static_cast<int>(members.Integer("code", INT32_MIN, INT32_MAX)), members.Text("message")}};
  }
  return std::nullopt;
}

}  // namespace

Result<GatewayMessage> ParseGatewayMessage(std::string_view text) {
  if (text.size() > net::kMaxControlBytes) {
    return Fail(ErrorCode::kLimitExceeded,
                "a control message of the gateway has " + std::to_string(text.size()) + " bytes");
  }
  bool too_deep = false;
  const auto limit_depth = [&](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > static_cast<int>(kMaxControlDepth);
    return !too_deep;
  };
  const json object = json::parse(text, limit_depth, false);
  if (too_deep) return Fail(ErrorCode::kLimitExceeded, "a control message is nested too deep");
  Members members(object);
  const std::string type = members.Text("type");
  GatewayMessage message;
  if (members.Has("seq")) message.seq = members.Integer("seq", 1, kMaxCounter);
  if (members.ok()) {
    const bool has_id = members.Has("id");
    if (type == "ok" || (type == "error" && has_id)) {
      message.body = ParseAnswer(object, members, type == "ok");
    } else if (auto notification = ParseNotification(type, object, members)) {
      message.body = std::move(*notification);
    }
  }
  if (!members.ok()) {
    return Fail(ErrorCode::kMalformed,
                "a control message of the gateway lacks or misuses " + members.bad());
  }
  return message;
}

std::optional<RequestError> ParseCloseReason(std::string_view reason) {
  const char* end = reason.data() + reason.size();
  RequestError error;
  const auto [words, failed] = std::from_chars(reason.data(), end, error.code);
  if (failed != std::errc{} || error.code <= 0 || words == end || *words != ' ') {
    return std::nullopt;
  }
  error.message.assign(words + 1, end);
  return error;
}

}  // namespace ferry::client
