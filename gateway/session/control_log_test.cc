#include "gateway/session/control_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ferry::gateway {
namespace {

SharedText Text(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

// Everything that is to be sent now, as "seq:text".
std::vector<std::string> Sent(ControlLog& log) {
  std::vector<std::string> out;
  while (const auto entry = log.Next()) {
    out.push_back(std::to_string(entry->seq) + ":" + entry->message.text());
  }
  return out;
}
using Texts = std::vector<std::string>;

TEST(ControlLog, GivesEachMessageOnceOnAConnection) {
  ControlLog log({});
  ASSERT_TRUE(log.Push(Text("a")));
  ASSERT_TRUE(log.Push(Text("b")));
  EXPECT_EQ(Sent(log), (Texts{"1:a", "2:b"}));
  EXPECT_FALSE(log.waiting());
  ASSERT_TRUE(log.Push(Text("c")));
  EXPECT_TRUE(log.waiting());
  EXPECT_EQ(Sent(log), (Texts{"3:c"}));
}

TEST(ControlLog, ANewConnectionGetsWhatWasNotAcknowledgedUnderTheSameNumbers) {
  ControlLog log({});
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(log.Push(Text(text)));
  Sent(log);
  EXPECT_TRUE(log.Acknowledge(1));
  ASSERT_TRUE(log.Push(Text("d")));
  EXPECT_TRUE(log.Rewind(2));
  EXPECT_EQ(Sent(log), (Texts{"3:c", "4:d"}));
  EXPECT_TRUE(log.Rewind(0)) << "what was acknowledged before stays so";
  EXPECT_EQ(Sent(log), (Texts{"3:c", "4:d"}));
}

TEST(ControlLog, NothingCanBeAcknowledgedBeforeItWasSent) {
  ControlLog log({});
  EXPECT_FALSE(log.Acknowledge(1));
  ASSERT_TRUE(log.Push(Text("a")));
  EXPECT_FALSE(log.Acknowledge(1));
  EXPECT_FALSE(log.Rewind(1));
  EXPECT_EQ(Sent(log), (Texts{"1:a"}));
  EXPECT_TRUE(log.Acknowledge(1));
  EXPECT_TRUE(log.Acknowledge(1)) << "again";
  EXPECT_TRUE(log.Acknowledge(0)) << "out of order";
}

TEST(ControlLog, AcknowledgingAfterARewindSkipsWhatTheClientTurnsOutToHave) {
  ControlLog log({});
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(log.Push(Text(text)));
  Sent(log);
  ASSERT_TRUE(log.Rewind(0));
  EXPECT_TRUE(log.Acknowledge(2));
  EXPECT_EQ(Sent(log), (Texts{"3:c"}));
}

TEST(ControlLog, TellsWhenAsMuchIsOnItsWayAsMayBe) {
  const std::string text(ControlLog::kWindowBytes / ControlLog::kWindowMessages, 'x');
  ControlLog log({});
  for (size_t i = 0; i < 3 * ControlLog::kWindowMessages; ++i) ASSERT_TRUE(log.Push(Text(text)));
  const auto send = [&log] {
    size_t sent = 0;
    for (; !log.window_full() && log.Next(); ++sent) {
    }
    return sent;
  };
  EXPECT_EQ(send(), ControlLog::kWindowMessages);
  EXPECT_TRUE(log.Acknowledge(10));
  EXPECT_EQ(send(), 10u);
  ASSERT_TRUE(log.Rewind(15));
  EXPECT_EQ(send(), ControlLog::kWindowMessages) << "nothing is on its way over a new connection";
  ASSERT_TRUE(log.Rewind(15));
  EXPECT_TRUE(log.Acknowledge(20)) << "of the former connection, and sent again nowhere";
  EXPECT_EQ(send(), ControlLog::kWindowMessages);
}

TEST(ControlLog, LongMessagesLeaveTheWindowOpenForAsManyAsMayGoUnacknowledged) {
  ControlLog log({.max_bytes = 1'000'000});
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(log.Push(Text(std::string(ControlLog::kWindowBytes, 'x'))));
  }
  for (size_t i = 0; i < ControlLog::kWindowMessages; ++i) {
    EXPECT_FALSE(log.window_full()) << i;
    EXPECT_TRUE(log.Next());
  }
  EXPECT_TRUE(log.window_full());
}

TEST(ControlLog, IsBoundedInMessagesAndBytesUntilTheyAreAcknowledged) {
  ControlLog few({.max_messages = 2});
  EXPECT_TRUE(few.Push(Text("a")));
  EXPECT_TRUE(few.Push(Text("b")));
  EXPECT_FALSE(few.Push(Text("c")));
  Sent(few);
  EXPECT_FALSE(few.Push(Text("c"))) << "sent is not acknowledged";
  EXPECT_TRUE(few.Acknowledge(1));
  EXPECT_TRUE(few.Push(Text("c")));

  ControlLog small({.max_bytes = 10});
  EXPECT_TRUE(small.Push(Text("123456")));
  EXPECT_FALSE(small.Push(Text("12345")));
  EXPECT_TRUE(small.Push(Text("1234")));
  Sent(small);
  EXPECT_TRUE(small.Acknowledge(2));
  EXPECT_EQ(small.bytes(), 0u);
}

class ControlLogOfStreamsTest : public ::testing::Test {
 protected:
  static Publication Stream(uint64_t number, bool muted = false) {
    return {.key = {1, number},
            .info = {.stream_id = "s" + std::to_string(number), .muted = muted}};
  }
  void Add(uint64_t number) { Tell(StreamAdded{"ann", Stream(number)}); }
  void Mute(uint64_t number, bool muted) { Tell(StreamUpdated{"ann", Stream(number, muted)}); }
  void Remove(uint64_t number) { Tell(StreamRemoved{"ann", Stream(number)}); }
  void Tell(RoomEvent::Body body) { ASSERT_TRUE(log.Push(MakeRoomEvent(std::move(body)))); }
  // What is to be sent now, "type stream" with "muted" where it is.
  Texts Told() {
    Texts told;
    while (const auto entry = log.Next()) {
      const auto json = nlohmann::json::parse(entry->message.text());
      const bool removed = json.contains("streamId");
      std::string text = json["type"].get<std::string>() + " ";
      text += removed || !json.contains("stream") ? json.value("streamId", "")
                                                  : json["stream"]["streamId"].get<std::string>();
      if (json.contains("stream") && json["stream"]["muted"]) text += " muted";
      told.push_back(text);
    }
    return told;
  }

  ControlLog log{{.max_messages = 8}};
};

TEST_F(ControlLogOfStreamsTest, OfAStreamThatIsToggledTheLatestStateWaitsAlone) {
  Add(1);
  Add(2);
  EXPECT_EQ(Told(), (Texts{"stream-added s1", "stream-added s2"}));
  for (int i = 0; i < 999; ++i) Mute(1, i % 2 == 0);
  Mute(2, true);
  EXPECT_EQ(log.size(), 4u);
  EXPECT_EQ(Told(), (Texts{"stream-updated s1 muted", "stream-updated s2 muted"}));
  Mute(1, false);
  EXPECT_EQ(Told(), (Texts{"stream-updated s1"})) << "what was sent is not changed any more";
  EXPECT_TRUE(log.Acknowledge(5));
  EXPECT_EQ(log.bytes(), 0u);
}

TEST_F(ControlLogOfStreamsTest, AStreamThatIsGoneBeforeItWasToldOfIsNotMentioned) {
  Add(1);
  Told();
  for (uint64_t i = 2; i < 999; ++i) {
    Add(i);
    Mute(i, true);
    Remove(i);
  }
  EXPECT_EQ(log.size(), 1u);
  Mute(1, true);
  Remove(1);
  EXPECT_EQ(Told(), (Texts{"stream-removed s1"}));
  EXPECT_TRUE(log.Acknowledge(2));
  EXPECT_EQ(log.bytes(), 0u);
}

TEST_F(ControlLogOfStreamsTest, WhatIsSentAgainIsWhatWasSentFirst) {
  Add(1);
  Mute(1, true);
  Told();
  ASSERT_TRUE(log.Rewind(0));
  Mute(1, false);
  Remove(1);
  EXPECT_EQ(Told(), (Texts{"stream-added s1", "stream-updated s1 muted", "stream-removed s1"}));
}

TEST_F(ControlLogOfStreamsTest, OfASubscriptionTheLatestLayerWaitsAlone) {
  for (const char* layer : {"big", "small", "none"}) {
    ASSERT_TRUE(log.Push(ControlMessage::OfSubscription({1, 1}, layer)));
  }
  ASSERT_TRUE(log.Push(ControlMessage::OfSubscription({1, 2}, "big")));
  EXPECT_EQ(Sent(log), (std::vector<std::string>{"1:none", "2:big"}));
  ASSERT_TRUE(log.Push(ControlMessage::OfSubscription({1, 1}, "big")));
  log.ForgetSubscription({1, 1});
  EXPECT_FALSE(log.waiting());
}

}  // namespace
}  // namespace ferry::gateway
