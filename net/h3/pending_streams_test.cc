#include "net/h3/pending_streams.h"

#include <gtest/gtest.h>

#include "net/h3/testing/bytes.h"

namespace ferry::net {
namespace {

TEST(PendingStreamsTest, KeepsStreamsInTheOrderInWhichTheyCame) {
  PendingStreams pending;
  EXPECT_TRUE(pending.Add(8, 0));
  EXPECT_TRUE(pending.Add(4, 0));
  EXPECT_TRUE(pending.Append(8, Text("ab"), false));
  EXPECT_TRUE(pending.Append(8, Text("c"), true));
  const auto streams = pending.TakeAll();
  ASSERT_EQ(streams.size(), 2u);
  EXPECT_EQ(streams[0].id, 8);
  EXPECT_EQ(streams[0].bytes, Text("abc"));
  EXPECT_TRUE(streams[0].fin);
  EXPECT_EQ(streams[1].id, 4);
  EXPECT_FALSE(pending.Contains(8));
}

TEST(PendingStreamsTest, RefusesMoreStreamsThanItHasRoomFor) {
  PendingStreams pending;
  for (size_t i = 0; i < kMaxPendingStreams; ++i) {
    EXPECT_TRUE(pending.Add(static_cast<int64_t>(4 * i), 0));
  }
  EXPECT_FALSE(pending.Add(400, 0));
  pending.Remove(4);
  EXPECT_TRUE(pending.Add(400, 0));
}

TEST(PendingStreamsTest, ForgetsAStreamWhoseBytesHaveNoRoomAndFreesTheirs) {
  PendingStreams pending;
  pending.Add(0, 0);
  pending.Add(4, 0);
  EXPECT_TRUE(pending.Append(0, ByteVector(kMaxPendingBytes - 1, 0), false));
  EXPECT_FALSE(pending.Append(4, ByteVector(2, 0), false));
  EXPECT_FALSE(pending.Contains(4));
  EXPECT_TRUE(pending.Contains(0));
  pending.Remove(0);
  pending.Add(8, 0);
  EXPECT_TRUE(pending.Append(8, ByteVector(kMaxPendingBytes, 0), false));
}

}  // namespace
}  // namespace ferry::net
