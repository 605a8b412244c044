// Logs that are long: of who is told much, or acknowledges nothing.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/session/session_connection.h"
#include "gateway/testing/session_fixture.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

class LongLogTest : public SessionTest {
 protected:
  LongLogTest() { limits.message_burst = 10'000; }
  // So many changes of which everybody else in the room is told.
  static void Toggle(Client& publisher, const json& stream_id, int count) {
    for (int i = 0; i < count; ++i) {
      publisher.Send({{"type", "update-stream"}, {"streamId", stream_id}, {"muted", i % 2 == 0}});
      publisher.Ack(publisher.LastNumber());
    }
  }
  // So many answers that the client does not acknowledge.
  static void Ask(Client& client, int count) {
    for (int i = 0; i < count; ++i) client.Send({{"type", "unsubscribe"}, {"streamId", "s99"}});
  }
};

TEST_F(LongLogTest, WhoeverTogglesAStreamAndResumesEndsNobody) {
  limits.log = {.max_messages = 100, .max_bytes = 50'000};
  Client& ann = Joined("ann");
  Client& away = Joined("away");
  const std::string quotes(128, '"');
  Client* flooder = &Joined(quotes);
  away.Hangup(false);
  flooder->Publish("audio");
  for (int i = 0; i < 9; ++i) {
    Toggle(*flooder, "s1", 499);
    const std::string video = flooder->Publish("video")["streamId"];
    flooder->Ask({{"type", "unpublish"}, {"streamId", video}});
    Client& again = Connect();
    ASSERT_EQ(again.Resume(flooder->token, flooder->LastNumber())["type"], "ok");
    flooder = &again;
  }
  EXPECT_EQ(ann.connection.closed_with, 0) << "who acknowledged nothing";
  EXPECT_EQ(Total(&Metrics::control_log_overflows), 0);
  Client& back = Connect();
  ASSERT_EQ(back.Resume(away.token, 0)["type"], "ok") << "nor has who was away ended";
  EXPECT_EQ(back.Heard(), (Texts{"user-entered " + quotes, "stream-added " + quotes + " s1",
                                 "stream-updated " + quotes + " s1"}));
  EXPECT_EQ(back.connection.messages.back()["stream"]["muted"], true) << "the latest";
  ann.Ack(ann.LastNumber());
  ann.Heard();
  EXPECT_EQ(ann.connection.messages.back()["stream"]["muted"], true);
}

TEST_F(LongLogTest, MediaHasItsTurnWhileALongLogIsResumed) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  bob.Subscribe("s1");
  Ask(bob, 600);
  bob.Hangup(false);
  Client& again = Connect();
  again.Resume(bob.token, 0);
  size_t bytes = 0;
  for (const json& message : again.connection.messages) bytes += message.dump().size();
  EXPECT_GT(bytes, ControlLog::kWindowBytes / 2);
  EXPECT_LT(bytes, ControlLog::kWindowBytes * 2) << "and 602 messages wait";
  ann.SendMedia({.ssrc = in, .payload_type = rtp::kOpusPayloadType});
  again.connection.Drain(*again.session);
  EXPECT_EQ(again.connection.packets.size(), 1u);
  while (again.LastNumber() < 602) {
    const uint64_t last = again.LastNumber();
    again.Ack(last);
    ASSERT_GT(again.LastNumber(), last);
  }
  EXPECT_EQ(again.Numbers(), UpTo(602));
}

TEST_F(LongLogTest, WhoAcknowledgesNothingEndsByWhatItAskedFor) {
  limits.log.max_messages = 300;
  Joined("ann");
  Client& bob = Joined("bob");
  Ask(bob, 300);
  AdvanceAlive(limits.media.queue.stall * 2);
  EXPECT_EQ(bob.connection.closed_with, 0) << "what is held is not for want of reading";
  Ask(bob, 1);
  EXPECT_EQ(bob.connection.closed_with, 4004);
  EXPECT_EQ(Connect().Resume(bob.token, 0)["code"], 20016);
}

TEST_F(LongLogTest, WhatIsSaidLastIsNotHeld) {
  Joined("ann");
  Client& bob = Joined("bob");
  Ask(bob, 600);
  EXPECT_LT(bob.LastNumber(), 600u);
  Joined("bob");
  EXPECT_EQ(bob.Heard().back(), "kicked kick");
  EXPECT_EQ(bob.Numbers(), UpTo(601));
}

}  // namespace
}  // namespace ferry::gateway
