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
