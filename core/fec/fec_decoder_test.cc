#include "core/fec/fec_decoder.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "core/fec/fec_encoder.h"
#include "core/rtp/rtp_packet.h"

namespace ferry::fec {
namespace {
using namespace literals;

constexpr Window kWindow{.age = Duration::Seconds(1), .packets = 48};

// A sender and what gets through of it.
class FecDecoderTest : public ::testing::Test {
 protected:
  // The next packet, of this size; sent, and delivered unless it is lost.
  void Send(size_t size, bool lost) {
    std::vector<uint8_t> payload(size);
    for (size_t i = 0; i < size; ++i) payload[i] = static_cast<uint8_t>(i * 31 + number_ * 7);
    auto packet = *rtp::RtpPacket::Make({.payload_type = 96, .sequence_number = number_, .ssrc = 9},
                                        {.transport_sequence_number = 0}, payload);
    const size_t offset = packet.transport_sequence_number_offset;
    sent_[number_] = packet.bytes;  // as it is given back: with zero for its number
    packet.SetTransportSequenceNumber(number_);
    encoder_.Add(number_, packet.bytes, offset, now_);
    if (lost) {
      lost_.insert(number_);
    } else {
      decoder_.OnPacket(number_, packet.bytes, offset);
    }
    ++number_;
  }
  std::vector<uint8_t> Repair() {
    const auto packet = encoder_.MakeRepair(now_);
    EXPECT_TRUE(packet.has_value());
    EXPECT_LE(packet->bytes.size(), rtp::kMaxPacketSize);
    ++number_;  // it has one, too
    return {packet->payload().begin(), packet->payload().end()};
  }
  // The numbers of what is given back, each checked against what was sent.
  std::set<uint16_t> Recovered() {
    std::set<uint16_t> numbers;
    while (const auto packet = decoder_.TakeRecovered()) {
      const auto view = rtp::ParseRtp(*packet);
      EXPECT_TRUE(view.has_value());
      const uint16_t number = view->header.sequence_number;
      EXPECT_EQ(*packet, sent_[number]);
      EXPECT_TRUE(numbers.insert(number).second) << number << " came back twice";
    }
    return numbers;
  }

  uint16_t number_ = 0xFFF8;  // wraps soon
  Timestamp now_ = Timestamp::Millis(1000);
  std::map<uint16_t, std::vector<uint8_t>> sent_;
  std::set<uint16_t> lost_;
  FecEncoder encoder_{kWindow};
  FecDecoder decoder_;
};

TEST_F(FecDecoderTest, AsManyRepairPacketsAsLossesGiveEverythingBack) {
  for (int i = 0; i < 20; ++i) Send(100 + static_cast<size_t>(i) * 50, /*lost=*/i % 3 == 1);
  for (size_t i = 0; i < lost_.size(); ++i) {
    EXPECT_TRUE(Recovered().empty()) << "too few equations say nothing";
    ASSERT_TRUE(decoder_.OnRepair(Repair()));
  }
  EXPECT_EQ(Recovered(), lost_);
  EXPECT_EQ(decoder_.recovered(), lost_.size());
  EXPECT_EQ(decoder_.equations(), 0u);
}

TEST_F(FecDecoderTest, WhatComesLateHelpsAsWell) {
  Send(100, true);
  const auto first = Repair();
  Send(1000, true);
  const auto late = sent_[static_cast<uint16_t>(number_ - 1)];
  ASSERT_TRUE(decoder_.OnRepair(Repair()));
  EXPECT_TRUE(Recovered().empty());
  // The second after all, sent again or overtaken: the first is known then.
  decoder_.OnPacket(static_cast<uint16_t>(number_ - 2), late,
                    rtp::ParseRtp(late)->transport_sequence_number_offset);
  const std::set<uint16_t> expected{*lost_.begin()};
  EXPECT_EQ(Recovered(), expected);
  ASSERT_TRUE(decoder_.OnRepair(first));
  EXPECT_TRUE(Recovered().empty()) << "and nothing is given back twice";
}

TEST_F(FecDecoderTest, WindowsThatOverlapAreSolvedTogether) {
  Send(200, true);
  Send(300, true);
  ASSERT_TRUE(decoder_.OnRepair(Repair()));
  Send(400, true);
  ASSERT_TRUE(decoder_.OnRepair(Repair()));
  Send(500, false);
  EXPECT_TRUE(Recovered().empty());
  ASSERT_TRUE(decoder_.OnRepair(Repair()));
  EXPECT_EQ(Recovered(), lost_);
}

TEST_F(FecDecoderTest, AnyLossesWithinTheRepairPacketsAreGivenBack) {
  uint32_t random = 1;
  for (int round = 0; round < 300; ++round) {
    lost_.clear();
    const auto draw = [&](uint32_t below) {
      random = random * 1664525 + 1013904223;
      return (random >> 8) % below;
    };
    size_t lost = 0;
    for (int i = 0; i < 10; ++i) {
      const bool lose = draw(3) == 0;
      lost += lose;
      Send(20 + draw(1000), lose);
    }
    // One more than what is lost: of one in 255 the equations are not independent.
    std::vector<std::vector<uint8_t>> repairs;
    for (size_t i = 0; i < lost + 2; ++i) repairs.push_back(Repair());
    for (const auto& repair : repairs) ASSERT_TRUE(decoder_.OnRepair(repair));
    ASSERT_EQ(Recovered(), lost_) << "round " << round;
    now_ += 2_s;  // out of the window
  }
}

TEST_F(FecDecoderTest, WhatIsKeptIsBoundedAndEndsWithTheRepairPackets) {
  for (int i = 0; i < 1000; ++i) Send(1000, false);
  EXPECT_LE(decoder_.packets_kept(), 2 * kMaxSpan);
  EXPECT_GT(decoder_.packets_kept(), kMaxSpan);
  for (int i = 0; i < 2000; ++i) Send(10, false);
  EXPECT_EQ(decoder_.packets_kept(), 0u);
}

TEST_F(FecDecoderTest, TheFirstRepairPacketsAfterAPauseGiveNothingBackThatWasNotLost) {
  for (int i = 0; i < 2100; ++i) Send(100, false);
  ASSERT_EQ(decoder_.packets_kept(), 0u);
  ASSERT_TRUE(decoder_.OnRepair(Repair()));
  EXPECT_TRUE(Recovered().empty());
  now_ += 2_s;
  Send(100, false);
  Send(100, true);
  ASSERT_TRUE(decoder_.OnRepair(Repair()));
  EXPECT_EQ(Recovered(), lost_);
}

TEST_F(FecDecoderTest, EquationsAreBounded) {
  for (int i = 0; i < 200; ++i) {
    Send(100, true);
    Send(100, true);
    ASSERT_TRUE(decoder_.OnRepair(Repair()));
    EXPECT_LE(decoder_.equations(), FecDecoder::kMaxEquations);
  }
  EXPECT_TRUE(Recovered().empty());
}

TEST_F(FecDecoderTest, ASumThatIsNoPacketIsNotGivenBack) {
  const uint16_t missing = number_++;
  Send(100, false);
  const std::vector<uint8_t> nonsense(40, 0xEE);  // longer by far, says its size
  ASSERT_TRUE(
      decoder_.OnRepair(WriteRepairPayload({.key = 1, .numbers = {missing}, .sum = nonsense})));
  EXPECT_FALSE(decoder_.TakeRecovered());
  EXPECT_EQ(decoder_.recovered(), 0u);
}

TEST_F(FecDecoderTest, WhatIsTooOldIsNotGivenBackAgain) {
  Send(100, true);
  const auto old = Repair();
  for (int i = 0; i < 400; ++i) Send(100, false);
  ASSERT_TRUE(decoder_.OnRepair(old));
  EXPECT_TRUE(Recovered().empty());
  EXPECT_EQ(decoder_.equations(), 0u);
}

TEST_F(FecDecoderTest, WhatIsNoRepairPacketIsRefused) {
  const std::vector<uint8_t> bytes{1, 2, 3};
  EXPECT_FALSE(decoder_.OnRepair(bytes));
}

}  // namespace
}  // namespace ferry::fec
