#include "net/quic/send_buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace ferry::net {
namespace {

ByteSpan Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string Next(const SendBuffer& buffer) {
  std::array<ngtcp2_vec, 16> pieces;
  std::string text;
  for (size_t i = 0; i < buffer.Next(pieces); ++i) {
    text.append(reinterpret_cast<const char*>(pieces[i].base), pieces[i].len);
  }
  return text;
}

TEST(SendBufferTest, GivesWhatIsUnsentAndKeepsWhatIsUnacknowledged) {
  SendBuffer buffer;
  ASSERT_TRUE(buffer.Append(Bytes("one ")));
  ASSERT_TRUE(buffer.Append(Bytes(std::string(2000, 'x'))));
  ASSERT_TRUE(buffer.Append(Bytes("two")));
  EXPECT_EQ(Next(buffer), "one " + std::string(2000, 'x') + "two");
  buffer.Sent(1000);
  EXPECT_EQ(Next(buffer), std::string(1004, 'x') + "two");
  buffer.Acknowledged(500);
  EXPECT_EQ(Next(buffer), std::string(1004, 'x') + "two");
  EXPECT_EQ(buffer.held(), 1507u);
  buffer.Sent(1007);
  buffer.Acknowledged(1507);
  EXPECT_EQ(buffer.held(), 0u);
  EXPECT_EQ(Next(buffer), "");
}

TEST(SendBufferTest, TakesNothingBeyondItsLimit) {
  SendBuffer buffer;
  ASSERT_TRUE(buffer.Append(Bytes(std::string(SendBuffer::kMaxBytes - 1, 'x'))));
  EXPECT_FALSE(buffer.Append(Bytes("ab")));
  EXPECT_EQ(buffer.held(), SendBuffer::kMaxBytes - 1);
  EXPECT_TRUE(buffer.Append(Bytes("a")));
  buffer.Sent(1);
  buffer.Acknowledged(1);
  EXPECT_TRUE(buffer.Append(Bytes("b")));
}

TEST(SendBufferTest, DoesNotMoveBytesInFlight) {
  SendBuffer buffer;
  ASSERT_TRUE(buffer.Append(Bytes("first")));
  std::array<ngtcp2_vec, 1> before;
  buffer.Next(before);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(buffer.Append(Bytes("more")));
  std::array<ngtcp2_vec, 1> after;
  buffer.Next(after);
  EXPECT_EQ(before[0].base, after[0].base);
}

}  // namespace
}  // namespace ferry::net
