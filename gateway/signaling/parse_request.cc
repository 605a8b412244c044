#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "gateway/signaling/messages.h"
#include "net/connection.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;
using Parsed = std::expected<RequestBody, Refusal>;

std::unexpected<Refusal> Refuse(SignalingError code, std::string message) {
  return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
}

constexpr int64_t kMaxWhole = int64_t{1} << 53;  // the last whole number JavaScript is sure of

// Nesting is bounded before the parser sees it, so that "[[[[…" costs nothing.
bool TooDeep(std::string_view text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxControlDepth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

const std::string* Text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

// A member that is a whole number within [min, max]; JavaScript writes 1e3 and 1.0 for some.
std::optional<int64_t> Whole(const json& object, const char* name, int64_t min, int64_t max) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  const double value = found->get<double>();
  if (!(value >= static_cast<double>(min)) || !(value <= static_cast<double>(max)) ||
      value != std::floor(value)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(value);
}

// The value of a member that names one of `choices`; nullopt when it is absent or names none.
template <typename T>
std::optional<T> Choice(const json& object, const char* name,
                        std::initializer_list<std::pair<std::string_view, T>> choices) {
  const std::string* text = Text(object, name);
  if (!text) return std::nullopt;
  for (const auto& [choice, value] : choices) {
    if (*text == choice) return value;
  }
  return std::nullopt;
}

// A user's name goes into the signed content line by line and into logs: no control characters.
bool ValidUserId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxUserIdBytes && std::ranges::none_of(id, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

bool ValidStringRoomId(std::string_view id) {
  constexpr std::string_view kSigns = " !#$%&()+-:;<=.>?@[]^_{}|~,";
  return !id.empty() && id.size() <= kMaxStringRoomIdBytes && std::ranges::all_of(id, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kSigns.find(c) != std::string_view::npos;
  });
}

std::optional<RoomId> ParseRoom(const json& message) {
  const auto room = message.find("room");
  if (room == message.end() || !room->is_object()) return std::nullopt;
  const std::string* kind = Text(*room, "kind");
  if (!kind) return std::nullopt;
  if (*kind == "number") {
    const auto id = Whole(*room, "id", 1, UINT32_MAX);
    if (id) return RoomId(static_cast<uint32_t>(*id));
  } else if (*kind == "string") {
    const std::string* id = Text(*room, "id");
    if (id && ValidStringRoomId(*id)) return RoomId(*id);
  }
  return std::nullopt;
}

// The refusal of a message whose version is missing or another than ours.
std::optional<Refusal> WrongVersion(const json& message, SignalingError missing) {
  const auto version = Whole(message, "version", 0, INT32_MAX);
  if (!version) return Refusal{std::nullopt, static_cast<int>(missing), "version is missing"};
  if (*version == kProtocolVersion) return std::nullopt;
  return Refusal{std::nullopt, static_cast<int>(SignalingError::kUnsupportedVersion),
                 "version " + std::to_string(*version) + " is not spoken here, 1 is"};
}

Parsed ParseJoin(const json& message) {
  if (auto wrong = WrongVersion(message, SignalingError::kBadParameter)) {
    return std::unexpected(std::move(*wrong));
  }
  JoinRequest join;
  const auto app = Whole(message, "sdkAppId", 1, UINT32_MAX);
  if (!app) {
    return Refuse(SignalingError::kBadSdkAppId, "join: sdkAppId must be a positive number");
  }
  join.sdk_app_id = static_cast<uint32_t>(*app);
  const auto room = ParseRoom(message);
  if (!room) {
    return Refuse(
        SignalingError::kBadRoomId,
        "join: room must be {kind:\"number\",id:1…4294967295} or {kind:\"string\",id:1 to "
        "64 of the allowed characters}");
  }
  join.room = *room;
  const std::string* user = Text(message, "userId");
  if (!user || !ValidUserId(*user)) {
    return Refuse(SignalingError::kBadUserId,
                  "join: userId must be a string of 1 to 128 bytes without control characters");
  }
  join.user_id = *user;
  const std::string* sig = Text(message, "userSig");
  if (!sig) return Refuse(SignalingError::kBadUserSig, "join: userSig must be a string");
  join.user_sig = *sig;
  const auto scene =
      Choice<Scene>(message, "scene", {{"rtc", Scene::kRtc}, {"live", Scene::kLive}});
  const auto role =
      Choice<Role>(message, "role", {{"anchor", Role::kAnchor}, {"audience", Role::kAudience}});
  if (!scene) return Refuse(SignalingError::kBadParameter, "join: scene must be rtc or live");
  if (!role) return Refuse(SignalingError::kBadParameter, "join: role must be anchor or audience");
  join.scene = *scene;
  // Roles mean something in live only.
  join.role = *scene == Scene::kRtc ? Role::kAnchor : *role;
  if (message.contains("client")) {
    const std::string* client = Text(message, "client");
    if (!client || client->size() > kMaxClientTextBytes) {
      return Refuse(SignalingError::kBadParameter, "join: client must be a string of ≤ 256 bytes");
    }
    join.client = *client;
    // It goes into logs, where a control character could forge a line.
    std::ranges::replace_if(
        join.client, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  }
  return join;
}

Parsed ParseResume(const json& message) {
  if (auto wrong = WrongVersion(message, SignalingError::kMalformed)) {
    return std::unexpected(std::move(*wrong));
  }
  const std::string* token = Text(message, "token");
  const auto ack = Whole(message, "ack", 0, kMaxWhole);
  if (!token || token->empty() || token->size() > kMaxResumeTokenBytes || !ack) {
    return Refuse(SignalingError::kMalformed,
                  "resume: token must be a string of 1 to 256 bytes, ack a whole number");
  }
  return ResumeRequest{*token, static_cast<uint64_t>(*ack)};
}

// One or two encodings, the second no larger than the first; empty when the member is absent.
std::optional<std::vector<EncodingInfo>> ParseEncodings(const json& message) {
  std::vector<EncodingInfo> encodings;
  const auto list = message.find("encodings");
  if (list == message.end()) return encodings;
  if (!list->is_array() || list->empty() || list->size() > kMaxEncodings) return std::nullopt;
  for (const json& item : *list) {
    if (!item.is_object()) return std::nullopt;
    const auto width = Whole(item, "width", 1, kMaxEncodingSide);
    const auto height = Whole(item, "height", 1, kMaxEncodingSide);
    const auto bps = Whole(item, "maxBitrateBps", kMinEncodingBps, kMaxEncodingBps);
    if (!width || !height || !bps) return std::nullopt;
    encodings.push_back({.width = static_cast<uint16_t>(*width),
                         .height = static_cast<uint16_t>(*height),
                         .max_bitrate_bps = static_cast<uint32_t>(*bps)});
  }
  const auto pixels = [](const EncodingInfo& e) { return uint32_t{e.width} * e.height; };
  if (encodings.size() == 2 && pixels(encodings[1]) > pixels(encodings[0])) return std::nullopt;
  return encodings;
}

Parsed ParsePublish(const json& message) {
  const auto kind = Choice<MediaKind>(message, "kind",
                                      {{"audio", MediaKind::kAudio}, {"video", MediaKind::kVideo}});
  const auto source = Choice<MediaSource>(
      message, "source", {{"main", MediaSource::kMain}, {"sub", MediaSource::kSub}});
  const auto codec = Choice<Codec>(
      message, "codec", {{"opus", Codec::kOpus}, {"vp8", Codec::kVp8}, {"vp9", Codec::kVp9}});
  const auto muted = message.find("muted");
  if (!kind || !source || !codec || muted == message.end() || !muted->is_boolean()) {
    return Refuse(SignalingError::kMalformed,
                  "publish: kind, source, codec or muted is missing or has an unknown value");
  }
  if ((*kind == MediaKind::kAudio) != (*codec == Codec::kOpus)) {
    return Refuse(SignalingError::kMalformed, "publish: this codec does not carry this kind");
  }
  auto encodings = ParseEncodings(message);
  if (!encodings || (*kind == MediaKind::kAudio && !encodings->empty())) {
    return Refuse(SignalingError::kMalformed,
                  "publish: encodings must be one or two of {width,height,maxBitrateBps}, the "
                  "larger first, and of video");
  }
  return PublishRequest{*kind, *source, *codec, muted->get<bool>(), std::move(*encodings)};
}

Parsed ParseUpdateStream(const json& message) {
  const std::string* stream = Text(message, "streamId");
  const auto muted = message.find("muted");
  if (!stream || stream->size() > kMaxStreamIdBytes || muted == message.end() ||
      !muted->is_boolean()) {
    return Refuse(SignalingError::kMalformed, "update-stream: streamId or muted is missing");
  }
  return UpdateStreamRequest{*stream, muted->get<bool>()};
}

template <typename T>
Parsed ParseStreamRequest(const json& message) {
  const std::string* stream = Text(message, "streamId");
  if (!stream || stream->size() > kMaxStreamIdBytes) {
    return Refuse(SignalingError::kMalformed, "streamId is missing or not a stream's id");
  }
  return T{*stream};
}

// Absent members leave the preference as it is; nullopt when one has an unknown value.
std::optional<LayerPreferenceChange> ParseLayerPreference(const json& message) {
  LayerPreferenceChange change;
  if (message.contains("layer")) {
    change.choice = Choice<LayerChoice>(
        message, "layer",
        {{"auto", LayerChoice::kAuto}, {"big", LayerChoice::kBig}, {"small", LayerChoice::kSmall}});
    if (!change.choice) return std::nullopt;
  }
  if (message.contains("width") || message.contains("height")) {
    const auto width = Whole(message, "width", 0, kMaxTileSide);
    const auto height = Whole(message, "height", 0, kMaxTileSide);
    if (!width || !height) return std::nullopt;
    change.tile.emplace(static_cast<uint16_t>(*width), static_cast<uint16_t>(*height));
  }
  if (const auto paused = message.find("paused"); paused != message.end()) {
    if (!paused->is_boolean()) return std::nullopt;
    change.paused = paused->get<bool>();
  }
  return change;
}

template <typename T>
Parsed ParseSubscription(const json& message) {
  const std::string* stream = Text(message, "streamId");
  const auto preference = ParseLayerPreference(message);
  if (!stream || stream->size() > kMaxStreamIdBytes || !preference) {
    return Refuse(
        SignalingError::kMalformed,
        "streamId is missing, or layer, width and height, or paused has an unknown value");
  }
  return T{*stream, *preference};
}

Parsed ParsePing(const json& message) {
  const auto time = message.find("timeMs");
  if (time == message.end() || !time->is_number()) {
    return Refuse(SignalingError::kMalformed, "ping: timeMs must be a number");
  }
  PingRequest ping{time->get<double>(), std::nullopt};
  if (message.contains("ack")) {
    const auto ack = Whole(message, "ack", 0, kMaxWhole);
    if (!ack) return Refuse(SignalingError::kMalformed, "ping: ack must be a whole number");
    ping.ack = static_cast<uint64_t>(*ack);
  }
  return ping;
}

Parsed ParseAck(const json& message) {
  const auto seq = Whole(message, "seq", 0, kMaxWhole);
  if (!seq) return Refuse(SignalingError::kMalformed, "ack: seq must be a whole number");
  return AckRequest{static_cast<uint64_t>(*seq)};
}

Parsed ParseBody(const std::string& type, const json& message) {
  if (type == "ping") return ParsePing(message);
  if (type == "subscribe") return ParseSubscription<SubscribeRequest>(message);
  if (type == "update-subscription") return ParseSubscription<UpdateSubscriptionRequest>(message);
  if (type == "unsubscribe") return ParseStreamRequest<UnsubscribeRequest>(message);
  if (type == "publish") return ParsePublish(message);
  if (type == "unpublish") return ParseStreamRequest<UnpublishRequest>(message);
  if (type == "update-stream") return ParseUpdateStream(message);
  if (type == "join") return ParseJoin(message);
  if (type == "resume") return ParseResume(message);
  if (type == "leave") return LeaveRequest{};
  return Refuse(SignalingError::kUnknownType, "unknown type");
}

}  // namespace

std::expected<Request, Refusal> ParseRequest(std::string_view text) {
  if (text.size() > net::kMaxControlBytes) {
    return Refuse(SignalingError::kFrameTooLarge, "the message is larger than 65536 bytes");
  }
  if (TooDeep(text)) return Refuse(SignalingError::kMalformed, "the message is nested too deeply");
  const json message = json::parse(text, nullptr, false);
  if (!message.is_object()) {
    return Refuse(SignalingError::kMalformed, "the message is not a JSON object");
  }
  const auto id = Whole(message, "id", 0, kMaxWhole);
  const std::string* type = Text(message, "type");
  if (!type) {
    return std::unexpected(
        Refusal{id, static_cast<int>(SignalingError::kMalformed), "type is missing"});
  }
  if (*type == "ack") {
    auto ack = ParseAck(message);
    if (!ack) return std::unexpected(std::move(ack.error()));
    return Request{0, std::move(*ack)};
  }
  if (!id) {
    return Refuse(SignalingError::kMalformed, "id is missing or not a whole number");
  }
  auto body = ParseBody(*type, message);
  if (!body) {
    body.error().id = id;
    return std::unexpected(std::move(body.error()));
  }
  return Request{*id, std::move(*body)};
}

}  // namespace ferry::gateway
