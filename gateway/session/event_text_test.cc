#include "gateway/session/event_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ferry::gateway {
namespace {

using nlohmann::json;

Publication Video(const std::string& id) {
  return {.info = {.stream_id = id, .kind = MediaKind::kVideo, .codec = Codec::kVp8},
          .encodings = {{.width = 16'383, .height = 16'383}, {.width = 16'383, .height = 16'383}}};
}

std::vector<RoomEvent::Body> EveryEvent(const std::string& user, const Publication& stream) {
  return {UserEntered{user}, UserLeft{user, LeaveReason::kKicked}, StreamAdded{user, stream},
          StreamUpdated{user, stream}, StreamRemoved{user, stream}};
}

TEST(EventText, IsAsDocumented) {
  const Publication stream{.info = {.stream_id = "s2", .source = MediaSource::kSub}};
  const json told = json::parse(
      R"({"streamId":"s2","kind":"audio","source":"sub","codec":"opus","muted":false})");
  std::vector<json> texts;
  for (const auto& event : EveryEvent("ann", stream))
    texts.push_back(json::parse(EventText(event)));
  EXPECT_EQ(texts, (std::vector<json>{
                       {{"type", "user-entered"}, {"userId", "ann"}},
                       {{"type", "user-left"}, {"userId", "ann"}, {"reason", 2}},
                       {{"type", "stream-added"}, {"userId", "ann"}, {"stream", told}},
                       {{"type", "stream-updated"}, {"userId", "ann"}, {"stream", told}},
                       {{"type", "stream-removed"}, {"userId", "ann"}, {"streamId", "s2"}}}));
}

TEST(EventText, HasNoMoreBytesThanItIsChargedFor) {
  Publication unmuted = Video("s" + std::to_string(UINT64_MAX));
  unmuted.info.source = MediaSource::kMain;
  for (const std::string& user :
       {std::string("ann"), std::string(128, '"'), std::string(32, 'x')}) {
    for (const auto& event : EveryEvent(user, unmuted)) {
      const std::string text = EventText(event);
      EXPECT_LE(text.size(), MaxEventBytes(event)) << text;
      EXPECT_LE(MaxEventBytes(event), text.size() + 24) << text;
    }
  }
}

}  // namespace
}  // namespace ferry::gateway
