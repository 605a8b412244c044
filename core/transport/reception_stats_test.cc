#include "core/transport/reception_stats.h"

#include <gtest/gtest.h>

#include "core/rtp/ntp_time.h"

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(5000);

TEST(ReceptionStats, CountsLossOverTheIntervalAndInAll) {
  ReceptionStats stats(90'000);
  for (const uint32_t n : {0u, 1u, 3u, 4u}) stats.OnPacket(n, n * 3000u, 100, kStart);
  rtp::ReportBlock block = stats.BuildReportBlock(7, kStart);
  EXPECT_EQ(block.cumulative_lost, 1);
  EXPECT_EQ(block.fraction_lost, 256 / 5);
  EXPECT_EQ(block.highest_sequence, 4u);
  stats.OnPacket(5, 15'000, 100, kStart);
  block = stats.BuildReportBlock(7, kStart);
  EXPECT_EQ(block.fraction_lost, 0) << "a new interval";
  EXPECT_EQ(block.cumulative_lost, 1);
  EXPECT_EQ(stats.bytes(), 500);
}

TEST(ReceptionStats, ExtendsTheSequenceAcrossTheWrap) {
  ReceptionStats stats(48'000);
  stats.OnPacket(0xFFFF, 0, 1, kStart);
  stats.OnPacket(0x10000, 960, 1, kStart + 20_ms);
  EXPECT_EQ(stats.BuildReportBlock(1, kStart).highest_sequence, 0x10000u);
  EXPECT_EQ(stats.lost(), 0);
}

TEST(ReceptionStats, JitterConvergesToTheMeanDeviation) {
  ReceptionStats stats(48'000);
  for (int n = 0; n < 1000; ++n) {
    const Duration late = n % 2 == 0 ? 0_ms : 8_ms;
    stats.OnPacket(n, uint32_t(n * 960), 1, kStart + Duration::Millis(20 * n) + late);
  }
  EXPECT_NEAR(stats.jitter().ms_f(), 8, 0.5);
}

TEST(ReceptionStats, PacketsOfOneFrameAreNoJitter) {
  ReceptionStats stats(90'000);
  int64_t sequence = 0;
  for (int frame = 0; frame < 100; ++frame) {
    for (int i = 0; i < 5; ++i) {
      stats.OnPacket(sequence++, uint32_t(frame * 3000), 1,
                     kStart + Duration::Micros(frame * 33'333 + i * 2000));
    }
  }
  EXPECT_LT(stats.jitter().ms_f(), 0.1);
}

TEST(ReceptionStats, TellsTheDelaySinceTheSenderReport) {
  ReceptionStats stats(90'000);
  const uint64_t ntp = rtp::ToNtp(Timestamp::Millis(1'700'000'000'000));
  stats.OnSenderReport(ntp, kStart);
  const rtp::ReportBlock block = stats.BuildReportBlock(1, kStart + 500_ms);
  EXPECT_EQ(block.last_sr, rtp::NtpMiddle(ntp));
  EXPECT_EQ(block.delay_since_last_sr, 32'768u);
}

}  // namespace
}  // namespace ferry::transport
