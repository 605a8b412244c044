#include "core/transport/pacer.h"

#include <gtest/gtest.h>

namespace ferry::transport {
namespace {
using namespace literals;

const Timestamp kStart = Timestamp::Millis(1'000'000);

// Sends all the pacer lets go, asked each `tick`, for `time`; returns the bytes.
int64_t SendFor(Pacer& pacer, Timestamp& now, Duration time, Duration tick) {
  int64_t bytes = 0;
  for (const Timestamp end = now + time; now < end; now += tick) {
    while (pacer.CanSend(now)) {
      pacer.OnSent(1000, now);
      bytes += 1000;
    }
  }
  return bytes;
}

TEST(Pacer, LetsTheInitialWindowOutAtOnceAndNotAgain) {
  Pacer pacer(1_mbps, 10'000);
  Timestamp now = kStart;
  int64_t bytes = 0;
  const auto send = [&] {
    while (pacer.CanSend(now)) {
      pacer.OnSent(1000, now);
      bytes += 1000;
    }
  };
  send();
  EXPECT_EQ(bytes, 10'000);
  now += 1_s;
  send();
  EXPECT_LE(bytes, 10'000 + 3000) << "a burst";
}

TEST(Pacer, KeepsItsRateHoweverSeldomItIsAsked) {
  for (const Duration tick : {1_ms, 5_ms, 10_ms}) {
    Pacer pacer(4_mbps);
    Timestamp now = kStart;
    // 500 bytes each ms, and the first burst.
    EXPECT_NEAR(static_cast<double>(SendFor(pacer, now, 1_s, tick)), 500'000, 6000);
  }
}

TEST(Pacer, LetsABurstGoAndNotMore) {
  Pacer pacer(4_mbps);
  int packets = 0;
  for (; pacer.CanSend(kStart); ++packets) pacer.OnSent(1000, kStart);
  EXPECT_EQ(packets, 6) << "10 ms are 5000 bytes; the last may pass it";
  EXPECT_FALSE(pacer.CanSend(kStart));
  EXPECT_NEAR((pacer.NextSendTime() - kStart).ms_f(), 2, 0.1);
  EXPECT_TRUE(pacer.CanSend(pacer.NextSendTime()));
  EXPECT_FALSE(pacer.CanSend(pacer.NextSendTime() - 10_us));
}

TEST(Pacer, SavesUpNothingWhileIdle) {
  Pacer pacer(4_mbps);
  Timestamp now = kStart;
  SendFor(pacer, now, 100_ms, 5_ms);
  now += 10_s;
  int packets = 0;
  for (; pacer.CanSend(now); ++packets) pacer.OnSent(1000, now);
  EXPECT_EQ(packets, 6);
}

TEST(Pacer, CountsWhatIsSentPastIt) {
  Pacer pacer(800_kbps);  // 100 bytes each ms
  pacer.OnSent(3000, kStart);
  EXPECT_FALSE(pacer.CanSend(kStart + 19_ms));
  EXPECT_TRUE(pacer.CanSend(kStart + 21_ms));
  // But holds nobody back for good.
  for (int i = 0; i < 1000; ++i) pacer.OnSent(3000, kStart);
  EXPECT_TRUE(pacer.CanSend(kStart + Pacer::kMaxDebt));
}

TEST(Pacer, ANewRateHoldsForWhatWaits) {
  Pacer pacer(800_kbps);
  pacer.OnSent(3000, kStart);
  pacer.SetRate(8_mbps, kStart);
  EXPECT_TRUE(pacer.CanSend(kStart));
  pacer.SetRate(DataRate(), kStart);
  pacer.OnSent(1000, kStart);
  EXPECT_FALSE(pacer.CanSend(kStart)) << "no rate, no packet";
}

TEST(Pacer, SendsAProbeAtItsRateAndNamesItsPackets) {
  for (const Duration tick : {1_ms, 5_ms}) {
    Pacer pacer(1_mbps);
    Timestamp now = kStart;
    SendFor(pacer, now, 100_ms, 1_ms);
    // 1000 bytes each ms.
    pacer.StartProbe({.id = 9, .rate = 8_mbps, .min_packets = 5, .min_bytes = 15'000}, now);
    const Timestamp began = now;
    int64_t bytes = 0;
    while (pacer.probing()) {
      while (pacer.probing() && pacer.CanSend(now)) {
        EXPECT_EQ(pacer.OnSent(1000, now), 9);
        bytes += 1000;
      }
      now += tick;
    }
    EXPECT_EQ(bytes, 15'000);
    EXPECT_NEAR((now - began).ms_f(), 15, 5);
    EXPECT_EQ(pacer.OnSent(1000, now), kNoProbe);
  }
}

TEST(Pacer, TellsHowMuchPaddingAProbeLacks) {
  Pacer pacer(1_mbps);
  EXPECT_EQ(pacer.ProbePadding(kStart), 0);
  pacer.StartProbe({.id = 1, .rate = 8_mbps, .min_packets = 5, .min_bytes = 15'000}, kStart);
  EXPECT_GT(pacer.ProbePadding(kStart), 0) << "something has to begin";
  pacer.OnSent(1000, kStart);
  EXPECT_EQ(pacer.ProbePadding(kStart), 0);
  EXPECT_EQ(pacer.ProbePadding(kStart + 5_ms), 4000);
}

TEST(Pacer, GivesUpAProbeThatFindsNothingToSend) {
  Pacer pacer(1_mbps);
  pacer.StartProbe({.id = 1, .rate = 8_mbps, .min_packets = 5, .min_bytes = 15'000}, kStart);
  const Timestamp late = kStart + Pacer::kProbeTimeout + 1_ms;
  EXPECT_EQ(pacer.ProbePadding(late), 0);
  EXPECT_EQ(pacer.OnSent(1000, late), kNoProbe);
  EXPECT_FALSE(pacer.probing());
}

}  // namespace
}  // namespace ferry::transport
