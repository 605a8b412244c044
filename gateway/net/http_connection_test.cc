#include "gateway/net/http_connection.h"

#include <gtest/gtest.h>

namespace ferry::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kIdle{30};
constexpr uint64_t kAnswerBytes = 10'000'000;

struct Reading {
  uint64_t read = 0;
  milliseconds time{0};
};

// Of who takes so much of an answer at a time, and so long for it.
Reading Read(uint64_t part, milliseconds pause) {
  Reading so_far;
  while (so_far.read < kAnswerBytes && pause <= ReadingPatience(kIdle, so_far.read, so_far.time)) {
    so_far.time += pause;
    so_far.read += part;
  }
  return so_far;
}

TEST(ReadingPatienceTest, WhoReadsSlowlyReadsToTheEnd) {
  const Reading phone = Read(16'000, milliseconds(1000));  // 128 kbit/s
  EXPECT_GE(phone.read, kAnswerBytes);
  EXPECT_GT(phone.time, seconds(600));
  EXPECT_GE(Read(130'000, milliseconds(29'000)).read, kAnswerBytes) << "through long pauses";
}

TEST(ReadingPatienceTest, WhoStopsReadingIsCutOff) {
  EXPECT_EQ(Read(130'000, kIdle + milliseconds(1)).read, 0u);
  EXPECT_EQ(ReadingPatience(kIdle, 5'000'000, seconds(1)), kIdle) << "has read much in vain";
}

TEST(ReadingPatienceTest, WhoReadsToBeKeptIsCutOffAsWell) {
  const Reading drop = Read(1, milliseconds(100));
  EXPECT_LE(drop.time, kIdle + milliseconds(1000));
  const Reading half = Read(HttpConnection::kMinReadBytesPerSecond / 2, milliseconds(1000));
  EXPECT_LT(half.read, kAnswerBytes / 10);
  EXPECT_LE(half.time, 2 * kIdle + milliseconds(1000));
  EXPECT_EQ(ReadingPatience(kIdle, 0, seconds(60)), milliseconds(0)) << "never negative";
}

}  // namespace
}  // namespace ferry::gateway
