#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "core/rtp/rtcp.h"
#include "core/rtp/test_bytes.h"

namespace ferry::rtp {
namespace {

using namespace literals;

// Both SSRCs, base sequence number 0x0010, then status count, reference time and feedback count.
constexpr std::string_view kSsrcsAndBase = "00000001 00000002 0010";

// A whole RTCP packet around the hexadecimal of its body, which is whole words.
std::vector<uint8_t> Feedback(std::string_view body) {
  const auto content = Concat({Hex(kSsrcsAndBase), Hex(body)});
  EXPECT_EQ(content.size() % 4, 0u);
  return Concat({{0x8F, 0xCD, 0, static_cast<uint8_t>(content.size() / 4)}, content});
}

TransportFeedback Parse(ByteSpan bytes) {
  const auto packets = ParseRtcp(bytes);
  EXPECT_TRUE(packets.has_value()) << (packets ? "" : packets.error().message);
  if (!packets || packets->size() != 1) return {};
  return std::get<TransportFeedback>(packets->front());
}

std::optional<ErrorCode> ParseCode(ByteSpan bytes) { return CodeOf(ParseRtcp(bytes)); }

std::vector<uint8_t> Bytes(const TransportFeedback& feedback) {
  std::vector<uint8_t> out;
  const auto appended = AppendRtcp(feedback, out);
  EXPECT_TRUE(appended.has_value()) << (appended ? "" : appended.error().message);
  return out;
}

std::optional<ErrorCode> AppendCode(const TransportFeedback& feedback) {
  std::vector<uint8_t> out;
  const auto appended = AppendRtcp(feedback, out);
  EXPECT_TRUE(out.empty());
  return CodeOf(appended);
}

// Packets from 0x0010 on; nullopt stands for one that did not arrive.
TransportFeedback Make(const std::vector<std::optional<Duration>>& arrivals) {
  TransportFeedback feedback{
      .sender_ssrc = 1, .media_ssrc = 2, .feedback_count = 3, .reference_time = 4, .packets = {}};
  for (const auto& arrival : arrivals) {
    feedback.packets.push_back(
        {.sequence_number = static_cast<uint16_t>(0x10 + feedback.packets.size()),
         .received = arrival.has_value(),
         .arrival = arrival.value_or(Duration())});
  }
  return feedback;
}

TEST(TransportFeedback, ReadsARunOfSmallDeltas) {
  const auto bytes = Feedback("0003 000004 03  2003  04 08 ff 00 00 00");
  const auto feedback = Make({1_ms, 3_ms, 66750_us});
  EXPECT_EQ(Parse(bytes), feedback);
}

TEST(TransportFeedback, ReadsAOneBitVector) {
  // Received: 1st, 3rd, 14th; the padding's bits beyond the count are ignored.
  const auto bytes = Feedback("000e 000004 03  a801  01 02 03 00 00 00");
  std::vector<std::optional<Duration>> arrivals(14);
  arrivals[0] = 250_us;
  arrivals[2] = 750_us;
  arrivals[13] = 1500_us;
  EXPECT_EQ(
      Parse(bytes),
      Make({arrivals[0], {}, arrivals[2], {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, arrivals[13]}));
}

TEST(TransportFeedback, ReadsATwoBitVectorWithNegativeDeltas) {
  // Symbols 1 2 0 2 and three beyond the count; deltas 8, -4, 300 ticks.
  const auto bytes = Feedback("0004 000004 03  d880  08 fffc 012c 00");
  EXPECT_EQ(Parse(bytes), Make({2_ms, 1_ms, {}, 76_ms}));
}

TEST(TransportFeedback, ReadsSeveralChunks) {
  // A run of 20 lost, then two-bit symbols 2 1.
  const auto bytes = Feedback("0016 000004 03  0014 e400 0400 01 00");
  std::vector<std::optional<Duration>> arrivals(22);
  arrivals[20] = 256_ms;
  arrivals[21] = 256250_us;
  EXPECT_EQ(Parse(bytes), Make(arrivals));
}

TEST(TransportFeedback, IgnoresSymbolsBeyondTheCount) {
  EXPECT_EQ(Parse(Feedback("0001 000004 03  2fff  04 00")), Make({1_ms})) << "run too long";
  EXPECT_EQ(Parse(Feedback("0001 000004 03  3000  04 00")), Make({1_ms})) << "its top bit alone";
  EXPECT_EQ(Parse(Feedback("0001 000004 03  dfff  04 00")), Make({1_ms})) << "reserved symbols";
}

TEST(TransportFeedback, ReadsANegativeReferenceTime) {
  EXPECT_EQ(Parse(Feedback("0001 fffffe 03  2001  04 00")).reference_time, -2);
}

TEST(TransportFeedback, AcceptsPaddingThatCompletesTheWord) {
  auto bytes = Feedback("0003 000004 03  2003  04 08 ff 00 00 03");
  bytes[0] |= 0x20;
  EXPECT_EQ(Parse(bytes), Make({1_ms, 3_ms, 66750_us}));
}

TEST(TransportFeedback, RefusesWhatIsMissing) {
  EXPECT_EQ(ParseCode(Hex("8f cd 0003 00000001 00000002 0010 0001")), ErrorCode::kTruncated);
  EXPECT_EQ(ParseCode(Feedback("0001 000004 03")), ErrorCode::kTruncated) << "no chunk";
}

TEST(TransportFeedback, RefusesAStatusCountLargerThanItsChunks) {
  EXPECT_EQ(ParseCode(Feedback("001d 000004 03  8000 8000")), ErrorCode::kTruncated);
  EXPECT_EQ(ParseCode(Feedback("0002 000004 03  0001 0000")), ErrorCode::kTruncated)
      << "runs of one and of none";
}

TEST(TransportFeedback, RefusesMissingDeltas) {
  EXPECT_EQ(ParseCode(Feedback("0003 000004 03  2003 0101")), ErrorCode::kTruncated);
  EXPECT_EQ(ParseCode(Feedback("0002 000004 03  4002 0101")), ErrorCode::kTruncated);
}

TEST(TransportFeedback, RefusesTheReservedSymbol) {
  EXPECT_EQ(ParseCode(Feedback("0001 000004 03  6001 0000")), ErrorCode::kMalformed);
  EXPECT_EQ(ParseCode(Feedback("0001 000004 03  f000 0000")), ErrorCode::kMalformed);
}

TEST(TransportFeedback, RefusesNoPacketsAndTooMany) {
  EXPECT_EQ(ParseCode(Feedback("0000 000004 03")), ErrorCode::kMalformed);
  EXPECT_EQ(Parse(Feedback("0800 000004 03  0800 0000")).packets.size(), kMaxFeedbackPackets);
  EXPECT_EQ(ParseCode(Feedback("0801 000004 03  0801 0000")), ErrorCode::kLimitExceeded);
}

TEST(TransportFeedback, IsBoundedOverAWholeCompound) {
  const auto half = Feedback("0400 000004 03  0400 0000");
  EXPECT_TRUE(ParseRtcp(Concat({half, half})));
  const auto one = Feedback("0001 000004 03  0001 0000");
  EXPECT_EQ(ParseCode(Concat({half, half, one})), ErrorCode::kLimitExceeded);
}

TEST(TransportFeedback, RefusesTruncationAtEveryWord) {
  const auto whole = Feedback("0016 000004 03  0014 e400 0400 01 00");
  for (size_t words = 1; words < whole.size() / 4; ++words) {
    auto bytes = std::vector(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(4 * words));
    bytes[3] = static_cast<uint8_t>(words - 1);  // the length agrees, the content does not
    EXPECT_EQ(ParseCode(bytes), ErrorCode::kTruncated) << words;
  }
}

TEST(TransportFeedbackWriter, UsesTheChunkThatCoversMost) {
  EXPECT_EQ(Bytes(Make({1_ms, 3_ms, 66750_us})),
            Feedback("0003 000004 03  2003  04 08 ff 00 00 00"));
  std::vector<std::optional<Duration>> sparse(14);
  sparse[0] = 250_us;
  sparse[2] = 750_us;
  sparse[13] = 1500_us;
  EXPECT_EQ(Bytes(Make(sparse)), Feedback("000e 000004 03  a801  01 02 03 00 00 00"));
  EXPECT_EQ(Bytes(Make({2_ms, 1_ms, {}, 76_ms})),
            Feedback("0004 000004 03  d880  08 fffc 012c 00"));
}

TEST(TransportFeedbackWriter, WritesDeltasUpToTheirBounds) {
  // 32767 and -32768 ticks of 250 us.
  const auto feedback = Make({8191750_us, 8191750_us + 63750_us, 63500_us});
  EXPECT_EQ(Parse(Bytes(feedback)), feedback);
  EXPECT_EQ(AppendCode(Make({8192_ms})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(AppendCode(Make({8191_ms, -1250_us})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(AppendCode(Make({Duration::Infinite()})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(AppendCode(Make({-Duration::Infinite()})), ErrorCode::kInvalidArgument);
}

TEST(TransportFeedbackWriter, RoundsWithoutAddingUpTheError) {
  std::vector<std::optional<Duration>> arrivals;
  for (int i = 1; i <= 100; ++i) arrivals.push_back(Duration::Micros(110 * i));
  const auto parsed = Parse(Bytes(Make(arrivals)));
  for (size_t i = 0; i < arrivals.size(); ++i) {
    const Duration error = parsed.packets[i].arrival - *arrivals[i];
    EXPECT_LE(error, 125_us);
    EXPECT_GE(error, -(125_us));
  }
}

TEST(TransportFeedbackWriter, CountsOnAcrossTheWrapOfTheSequenceNumber) {
  TransportFeedback feedback;
  for (const uint16_t number : std::vector<uint16_t>{0xFFFF, 0x0000, 0x0001}) {
    feedback.packets.push_back({.sequence_number = number, .received = true, .arrival = 1_ms});
  }
  EXPECT_EQ(Parse(Bytes(feedback)), feedback);
}

TEST(TransportFeedbackWriter, WrapsTheReferenceTimeTo24Bits) {
  auto feedback = Make({1_ms});
  feedback.reference_time = 0x01800001;
  EXPECT_EQ(Parse(Bytes(feedback)).reference_time, -0x7FFFFF);
}

TEST(TransportFeedbackWriter, RefusesNothingTooMuchAndGaps) {
  EXPECT_EQ(AppendCode(TransportFeedback{}), ErrorCode::kInvalidArgument);
  std::vector<std::optional<Duration>> lost(kMaxFeedbackPackets);
  EXPECT_EQ(Parse(Bytes(Make(lost))).packets.size(), kMaxFeedbackPackets);
  lost.emplace_back();
  EXPECT_EQ(AppendCode(Make(lost)), ErrorCode::kLimitExceeded);
  EXPECT_EQ(AppendCode(Make(std::vector<std::optional<Duration>>(1200, 1_ms))),
            ErrorCode::kLimitExceeded)
      << "more bytes than a packet holds";
  auto gap = Make({1_ms, 2_ms});
  gap.packets[1].sequence_number += 1;
  EXPECT_EQ(AppendCode(gap), ErrorCode::kInvalidArgument);
}

TEST(TransportFeedbackWriter, ParsesBackWhateverItWrites) {
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    // Rates of loss and of large deltas vary, so that every kind of chunk and mixture comes up.
    const auto loss = random() % 101;
    const auto large = random() % 101;
    std::vector<std::optional<Duration>> arrivals(1 + random() % 300);
    int64_t ticks = 0;
    for (auto& arrival : arrivals) {
      if (random() % 100 < loss) continue;
      const bool is_large = random() % 100 < large;
      ticks += is_large ? static_cast<int16_t>(random()) : static_cast<int>(random() % 256);
      arrival = Duration::Micros(ticks * 250);
    }
    const auto feedback = Make(arrivals);
    ASSERT_EQ(Parse(Bytes(feedback)), feedback) << "round " << round;
  }
}

}  // namespace
}  // namespace ferry::rtp
