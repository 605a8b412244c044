#include "client/signaling/requests.h"

#include <nlohmann/json.hpp>

namespace ferry::client {
namespace {

using nlohmann::json;

json Request(const char* type, int64_t id) { return {{"type", type}, {"id", id}}; }

// Text of users that is not UTF-8 is the gateway's to refuse, not ours to throw over.
std::string Dump(const json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

const char* Name(Layer layer) {
  switch (layer) {
    case Layer::kAuto:
      return "auto";
    case Layer::kBig:
      return "big";
    case Layer::kSmall:
      return "small";
  }
  return "";
}

void AddLayerPreference(json& message, const LayerPreference& preference) {
  message["layer"] = Name(preference.layer);
  message["paused"] = preference.paused;
  if (preference.width <= 0 || preference.height <= 0) return;
  message["width"] = preference.width;
  message["height"] = preference.height;
}

json Room(const RoomId& room) {
  if (const auto* number = std::get_if<uint32_t>(&room)) {
    return {{"kind", "number"}, {"id", *number}};
  }
  return {{"kind", "string"}, {"id", std::get<std::string>(room)}};
}

}  // namespace

std::string JoinRequest(int64_t id, const JoinParams& params) {
  json message = Request("join", id);
  message["version"] = kProtocolVersion;
  message["sdkAppId"] = params.sdk_app_id;
  message["userId"] = params.user_id;
  message["userSig"] = params.user_sig;
  message["room"] = Room(params.room);
  message["scene"] = params.scene == Scene::kRtc ? "rtc" : "live";
  message["role"] = params.role == Role::kAnchor ? "anchor" : "audience";
  message["client"] = params.client;
  return Dump(message);
}

std::string ResumeRequest(int64_t id, std::string_view token, int64_t ack) {
  json message = Request("resume", id);
  message["version"] = kProtocolVersion;
  message["token"] = token;
  message["ack"] = ack;
  return Dump(message);
}

std::string LeaveRequest(int64_t id) { return Dump(Request("leave", id)); }

std::string PublishRequest(int64_t id, const PublishParams& params) {
  json message = Request("publish", id);
  message["kind"] = params.kind == MediaKind::kAudio ? "audio" : "video";
  message["source"] = params.source == MediaSource::kMain ? "main" : "sub";
  message["codec"] = params.codec;
  message["muted"] = params.muted;
  for (const Encoding& encoding : params.encodings) {
    message["encodings"].push_back({{"width", encoding.width},
                                    {"height", encoding.height},
                                    {"maxBitrateBps", encoding.max_bitrate_bps}});
  }
  return Dump(message);
}

std::string UpdateStreamRequest(int64_t id, std::string_view stream_id, bool muted) {
  json message = Request("update-stream", id);
  message["streamId"] = stream_id;
  message["muted"] = muted;
  return Dump(message);
}

std::string UnpublishRequest(int64_t id, std::string_view stream_id) {
  json message = Request("unpublish", id);
  message["streamId"] = stream_id;
  return Dump(message);
}

std::string SubscribeRequest(int64_t id, std::string_view stream_id,
                             const LayerPreference* preference) {
  json message = Request("subscribe", id);
  message["streamId"] = stream_id;
  if (preference) AddLayerPreference(message, *preference);
  return Dump(message);
}

std::string UpdateSubscriptionRequest(int64_t id, std::string_view stream_id,
                                      const LayerPreference& preference) {
  json message = Request("update-subscription", id);
  message["streamId"] = stream_id;
  AddLayerPreference(message, preference);
  return Dump(message);
}

std::string UnsubscribeRequest(int64_t id, std::string_view stream_id) {
  json message = Request("unsubscribe", id);
  message["streamId"] = stream_id;
  return Dump(message);
}

std::string PingRequest(int64_t id, double time_ms, int64_t ack) {
  json message = Request("ping", id);
  message["timeMs"] = time_ms;
  if (ack > 0) message["ack"] = ack;
  return Dump(message);
}

std::string AckMessage(int64_t ack) { return Dump({{"type", "ack"}, {"seq", ack}}); }

}  // namespace ferry::client
