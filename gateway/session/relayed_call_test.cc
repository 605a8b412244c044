// Whole calls through the gateway over networks that delay and lose, in virtual time: what the
// subscriber sees and hears of 20 s, after 5 s to get used to it.
#include "gateway/testing/relayed_call.h"

#include <gtest/gtest.h>

#include <string>

namespace ferry::gateway {
namespace {
using namespace ferry::literals;
using testing::CallFigures;
using testing::Hop;
using testing::RelayedCall;

const Hop kNear{.up = {.delay = 1_ms}, .down = {.delay = 1_ms}};

// 50 ms each way; both directions lose, as radio does.
Hop Far(double loss = 0, double mean_burst = 1, uint64_t seed = 3) {
  const auto link = [&](uint64_t link_seed) {
    return sim::LinkConfig{
        .delay = 50_ms, .loss = loss, .mean_burst = mean_burst, .seed = link_seed};
  };
  return {.up = link(seed), .down = link(seed + 1)};
}

enum class Side { kPublisher, kSubscriber, kBoth };

struct LossCase {
  const char* name;
  Side side;
  double loss;
  double mean_burst;
  // What it has to reach: what is a fifth worse than the worst of seven seeds fails.
  double frames_per_second;
  Duration video_p95;
  double concealed;
  Duration first_frame;
};

class LossyCall : public ::testing::TestWithParam<LossCase> {};

TEST_P(LossyCall, StaysSmooth) {
  const LossCase& test = GetParam();
  const Hop lossy = Far(test.loss, test.mean_burst);
  RelayedCall call(test.side == Side::kSubscriber ? kNear : lossy,
                   test.side == Side::kPublisher ? kNear : lossy);
  call.Run(5_s);
  ASSERT_TRUE(call.first_frame().has_value());
  EXPECT_LE(*call.first_frame(), test.first_frame);
  call.Reset();
  call.Run(20_s);
  const CallFigures figures = call.figures();
  RecordProperty("frames_per_second", std::to_string(figures.frames_per_second));
  RecordProperty("video_p50_ms", std::to_string(figures.video_p50.ms_f()));
  RecordProperty("video_p95_ms", std::to_string(figures.video_p95.ms_f()));
  RecordProperty("freeze_s", std::to_string(figures.freeze_s));
  RecordProperty("concealed_pct", std::to_string(100 * figures.concealed));
  RecordProperty("audio_ms", std::to_string(figures.audio_delay.ms_f()));
  RecordProperty("first_frame_ms", std::to_string(call.first_frame()->ms_f()));
  RecordProperty("kbps_up", std::to_string(figures.sent_up.bps() / 1000));
  RecordProperty("kbps_down", std::to_string(figures.sent_down.bps() / 1000));
  EXPECT_GE(figures.frames_per_second, test.frames_per_second);
  EXPECT_LE(figures.video_p95.ms_f(), test.video_p95.ms_f());
  EXPECT_LE(figures.concealed, test.concealed);
  EXPECT_LE(figures.freeze_s, test.mean_burst > 1 ? 1.6 : 0.6);
  EXPECT_EQ(call.undecodable(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    RelayedCall, LossyCall,
    ::testing::Values(
        LossCase{"Clean", Side::kBoth, 0, 1, 29, 180_ms, 0, 250_ms},
        LossCase{"Publisher5", Side::kPublisher, 0.05, 1, 29, 180_ms, 0.0066, 340_ms},
        LossCase{"Subscriber5", Side::kSubscriber, 0.05, 1, 29, 140_ms, 0.0054, 300_ms},
        LossCase{"Both5", Side::kBoth, 0.05, 1, 28, 250_ms, 0.0036, 410_ms},
        LossCase{"Publisher10", Side::kPublisher, 0.1, 1, 29, 180_ms, 0.0078, 370_ms},
        LossCase{"Subscriber10", Side::kSubscriber, 0.1, 1, 29, 180_ms, 0.0078, 330_ms},
        LossCase{"Both10", Side::kBoth, 0.1, 1, 28, 280_ms, 0.0042, 540_ms},
        LossCase{"Publisher20", Side::kPublisher, 0.2, 1, 28, 230_ms, 0.0066, 590_ms},
        LossCase{"Subscriber20", Side::kSubscriber, 0.2, 1, 28, 180_ms, 0.0084, 550_ms},
        LossCase{"Both20", Side::kBoth, 0.2, 1, 28, 320_ms, 0.003, 840_ms},
        LossCase{"Publisher30", Side::kPublisher, 0.3, 1, 28, 220_ms, 0.0066, 740_ms},
        LossCase{"Subscriber30", Side::kSubscriber, 0.3, 1, 29, 180_ms, 0.0042, 780_ms},
        LossCase{"Both30", Side::kBoth, 0.3, 1, 29, 320_ms, 0.0042, 820_ms},
        LossCase{"Publisher50", Side::kPublisher, 0.5, 1, 29, 260_ms, 0.0096, 1250_ms},
        LossCase{"Subscriber50", Side::kSubscriber, 0.5, 1, 29, 640_ms, 0.0096, 1690_ms},
        LossCase{"Both50", Side::kBoth, 0.5, 1, 29, 550_ms, 0.006, 2570_ms},
        LossCase{"PublisherBursts10", Side::kPublisher, 0.1, 5, 28, 300_ms, 0.0222, 320_ms},
        LossCase{"PublisherBursts20", Side::kPublisher, 0.2, 5, 28, 460_ms, 0.0216, 610_ms},
        LossCase{"SubscriberBursts10", Side::kSubscriber, 0.1, 5, 28, 270_ms, 0.0222, 380_ms},
        LossCase{"SubscriberBursts20", Side::kSubscriber, 0.2, 5, 28, 340_ms, 0.0282, 460_ms}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(RelayedCall, ACleanPathCarriesNoRepairs) {
  RelayedCall call(Far(), Far());
  call.Run(5_s);
  call.Reset();
  call.Run(10_s);
  EXPECT_LE(call.figures().sent_up, 900_kbps) << "800 of picture, 40 of sound, and headers";
  EXPECT_LE(call.figures().sent_down, 900_kbps);
  EXPECT_EQ(call.figures().keyframes, 0);
}

}  // namespace
}  // namespace ferry::gateway
