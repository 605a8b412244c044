#include "gateway/session/control_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ferry::gateway {
namespace {

SharedText Text(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

// Everything that is to be sent now, as "seq:text".
std::vector<std::string> Sent(ControlLog& log) {
  std::vector<std::string> out;
  while (const auto entry = log.Next()) {
    out.push_back(std::to_string(entry->seq) + ":" + *entry->text);
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

}  // namespace
}  // namespace ferry::gateway
