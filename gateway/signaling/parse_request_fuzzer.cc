// Any text a client may send: parsed or refused, with reason. What is parsed is within the limits
// of messages.h, and can be answered and told to others in messages that are whole JSON of no more
// than a message may have.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/testing/check.h"
#include "gateway/signaling/messages.h"

namespace {

using namespace ferry;
using namespace ferry::gateway;

constexpr int64_t kMaxWhole = int64_t{1} << 53;  // that JSON's numbers tell apart

void CheckMessage(const std::string& message) {
  Check(message.size() <= net::kMaxControlBytes && nlohmann::json::accept(message));
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
  }
  return true;
}

void CheckStreamId(std::string_view stream_id) { Check(stream_id.size() <= kMaxStreamIdBytes); }

void CheckPreference(const LayerPreferenceChange& change) {
  const LayerPreference before{
      .choice = LayerChoice::kSmall, .width = 7, .height = 9, .paused = true};
  const LayerPreference after = change.AppliedTo(before);
  Check(after.width <= kMaxTileSide && after.height <= kMaxTileSide);
  if (!change.choice) Check(after.choice == before.choice);
  if (!change.tile) Check(after.width == before.width && after.height == before.height);
  if (!change.paused) Check(after.paused == before.paused);
}

void CheckBody(const JoinRequest& join) {
  Check(join.sdk_app_id > 0);
  Check(!join.user_id.empty() && join.user_id.size() <= kMaxUserIdBytes && IsPlain(join.user_id));
  Check(join.client.size() <= kMaxClientTextBytes && IsPlain(join.client));
  if (const auto* name = std::get_if<std::string>(&join.room)) {
    Check(!name->empty() && name->size() <= kMaxStringRoomIdBytes && IsPlain(*name));
  } else {
    Check(std::get<uint32_t>(join.room) > 0);
  }
  Check(join.scene == Scene::kLive || join.role == Role::kAnchor);
  Check(IsPlain(ToString(join.room)));
  CheckMessage(UserEnteredMessage(join.user_id));
  CheckMessage(UserLeftMessage(join.user_id, LeaveReason::kLeft));
}
void CheckBody(const ResumeRequest& resume) {
  Check(!resume.token.empty() && resume.token.size() <= kMaxResumeTokenBytes);
  Check(resume.ack <= kMaxWhole);
}
void CheckBody(const LeaveRequest&) {}
void CheckBody(const PublishRequest& publish) {
  Check((publish.kind == MediaKind::kAudio) == (publish.codec == Codec::kOpus));
  Check(publish.encodings.size() <= (publish.kind == MediaKind::kAudio ? 0 : kMaxEncodings));
  uint32_t pixels = UINT32_MAX;
  for (const EncodingInfo& encoding : publish.encodings) {
    Check(encoding.width >= 1 && encoding.width <= kMaxEncodingSide);
    Check(encoding.height >= 1 && encoding.height <= kMaxEncodingSide);
    Check(encoding.max_bitrate_bps >= kMinEncodingBps &&
          encoding.max_bitrate_bps <= kMaxEncodingBps);
    Check(uint32_t{encoding.width} * encoding.height <= pixels);
    pixels = uint32_t{encoding.width} * encoding.height;
  }
  Publication stream{.info = {.stream_id = "s", .codec = publish.codec, .muted = publish.muted},
                     .encodings = publish.encodings};
  if (stream.encodings.empty()) stream.encodings.emplace_back();  // as of all that name none
  CheckMessage(WithSequence(StreamAddedMessage("user", stream), 1));
  CheckMessage(PublishedAnswer(1, stream));
}
void CheckBody(const UpdateStreamRequest& update) {
  CheckStreamId(update.stream_id);
  CheckMessage(StreamRemovedMessage("user", update.stream_id));
}
void CheckBody(const UnpublishRequest& unpublish) { CheckStreamId(unpublish.stream_id); }
void CheckBody(const SubscribeRequest& subscribe) {
  CheckStreamId(subscribe.stream_id);
  CheckPreference(subscribe.preference);
  CheckMessage(LayerChanged(subscribe.stream_id, ForwardedLayer::kSmall));
}
void CheckBody(const UpdateSubscriptionRequest& update) {
  CheckStreamId(update.stream_id);
  CheckPreference(update.preference);
}
void CheckBody(const UnsubscribeRequest& unsubscribe) { CheckStreamId(unsubscribe.stream_id); }
void CheckBody(const PingRequest& ping) {
  Check(ping.ack.value_or(0) <= kMaxWhole);
  CheckMessage(PongAnswer(1, ping.time_ms, 1));
}
void CheckBody(const AckRequest& ack) { Check(ack.seq <= kMaxWhole); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto request = ParseRequest({reinterpret_cast<const char*>(data), size});
  if (!request) {
    const Refusal& refusal = request.error();
    Check(refusal.code != 0 && !refusal.message.empty());
    Check(refusal.id.value_or(0) >= 0 && refusal.id.value_or(0) <= kMaxWhole);
    CheckMessage(ErrorMessage(refusal));
    return 0;
  }
  Check(size <= net::kMaxControlBytes);
  Check(request->id >= 0 && request->id <= kMaxWhole);
  CheckMessage(OkAnswer(request->id));
  std::visit([](const auto& body) { CheckBody(body); }, request->body);
  return 0;
}
