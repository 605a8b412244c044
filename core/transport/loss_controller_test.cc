#include "core/transport/loss_controller.h"

#include <gtest/gtest.h>

#include <random>

namespace ferry::transport {
namespace {
using namespace literals;

// A sender that keeps to the limit, on a path whose loss at a given rate is given.
class LossTest : public ::testing::Test {
 protected:
  template <typename LossAt>
  void Let(Duration time, LossAt loss_at, bool application_limited = false) {
    for (const Timestamp end = now_ + time; now_ < end; now_ += 100_ms) {
      const DataRate rate = std::min(estimate_, loss_.limit());
      const double share = loss_at(static_cast<double>(rate.bps()));
      for (int64_t bits = carry_ + rate.bps() / 10;; bits -= 8 * kBytes) {
        carry_ = bits;
        if (bits < 8 * kBytes) break;
        loss_.OnPacketSent(kBytes);
        loss_.OnPacketReported(static_cast<double>(random_() >> 11) * 0x1p-53 >= share, kBytes);
      }
      loss_.Update(estimate_, false, application_limited, now_);
      lowest_ = std::min(lowest_, std::min(estimate_, loss_.limit()));
    }
  }
  static constexpr int64_t kBytes = 1150;
  const DataRate estimate_ = 4_mbps;
  DataRate lowest_ = estimate_;
  int64_t carry_ = 0;
  LossController loss_;
  Timestamp now_ = Timestamp::Millis(1'000'000);
  std::mt19937_64 random_{1};
};

TEST_F(LossTest, LimitsNothingWithoutLoss) {
  Let(60_s, [](double) { return 0.0; });
  EXPECT_FALSE(loss_.limiting());
  EXPECT_EQ(lowest_, estimate_);
}

TEST_F(LossTest, GivesTheRateBackWhenThePathLosesAtAnyRate) {
  Let(5_s, [](double) { return 0.15; });
  EXPECT_LT(lowest_, estimate_) << "it has tried";
  lowest_ = estimate_;
  Let(4_s, [](double) { return 0.15; });
  EXPECT_FALSE(loss_.limiting());
  EXPECT_EQ(lowest_, estimate_) << "and knows now";
  EXPECT_NEAR(loss_.inherent_loss(), 0.15, 0.05);
}

TEST_F(LossTest, KeepsToWhatAPolicerLetsThrough) {
  // Whatever is above 2 Mbps is dropped.
  const auto policer = [](double bps) { return std::max(1 - 2e6 / bps, 0.0); };
  Let(10_s, policer);
  ASSERT_TRUE(loss_.limiting());
  EXPECT_LE(loss_.limit(), 2400_kbps);
  EXPECT_GE(loss_.limit(), 1400_kbps);
  EXPECT_LE(loss_.inherent_loss(), 0.05);
}

TEST_F(LossTest, GivesALimitUpWhenItsCauseIsGone) {
  Let(10_s, [](double bps) { return std::max(1 - 2e6 / bps, 0.0); });
  ASSERT_TRUE(loss_.limiting());
  Let(30_s, [](double) { return 0.0; });
  EXPECT_FALSE(loss_.limiting());
}

TEST_F(LossTest, LossWhileLittleIsSentIsThePathsOwn) {
  Let(
      20_s, [](double) { return 0.2; }, true);
  EXPECT_EQ(lowest_, estimate_);
  EXPECT_NEAR(loss_.inherent_loss(), 0.2, 0.06);
}

TEST_F(LossTest, TakesBackALossThatWasReordering) {
  loss_.OnPacketReported(false, kBytes);
  loss_.OnLostPacketArrived(kBytes);
  loss_.OnLostPacketArrived(kBytes);  // of a window long over
  for (int i = 0; i < 200; ++i) loss_.OnPacketReported(true, kBytes);
  loss_.Update(estimate_, false, false, now_);
  loss_.Update(estimate_, false, false, now_ + 1_s);
  EXPECT_EQ(loss_.loss(), 0);
}

}  // namespace
}  // namespace ferry::transport
