// A publisher's link that narrows in mid call, in virtual time: what sound and picture live through
// until the rate is found.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "core/session/testing/call.h"

namespace ferry::session {
namespace {
using namespace literals;
using testing::Call;

constexpr DataRate kPicture = DataRate::KilobitsPerSec(1000);
constexpr DataRate kWanted = DataRate::KilobitsPerSec(1100);  // sound and headers included
constexpr Duration kQueue = Duration::Millis(400);

sim::LinkConfig Link(DataRate rate) {
  return {.delay = 5_ms,
          .rate = rate,
          .queue_bytes = static_cast<size_t>((rate * kQueue.seconds_f()).bps() / 8)};
}

// A call whose encoder follows the target late, as one in another thread that keeps to its rate
// only in the mean does.
class NarrowLink : public ::testing::TestWithParam<int> {
 protected:
  NarrowLink() { call.publisher.SetWantedBitrate(kWanted); }

  void Run(Duration time) {
    for (const Timestamp end = call.now() + time; call.now() < end;) {
      orders_.push_back(
          {call.now() + Duration::Millis(GetParam()), call.publisher.target_bitrate()});
      while (!orders_.empty() && orders_.front().at <= call.now()) {
        target_ = orders_.front().target;
        orders_.pop_front();
      }
      const DataRate picture = std::clamp(target_ * 0.9, 50_kbps, kPicture);
      call.frame_size = static_cast<size_t>(picture.bps() / 8 / 30);
      call.keyframe_size = 8 * call.frame_size;
      call.Run(Call::kFrameInterval);
    }
  }

  const transport::ReceptionStats& sound() const {
    return call.subscriber.audio_receiver(Call::kAudioSsrc)->reception();
  }

  Call call{Link(3_mbps), {.delay = 5_ms}};

 private:
  struct Order {
    Timestamp at;
    DataRate target;
  };
  std::deque<Order> orders_;
  DataRate target_ = kPicture;
};

// What finds the queue full is asked for again; were it sent again each time, the queue would stay
// so.
TEST_P(NarrowLink, LosesNoMoreThanWhatTheEncoderSendsTooMuch) {
  Run(15_s);
  const sim::LinkStats before = call.up().stats();
  const uint64_t resent =
      call.publisher.video_sender(Call::kVideoSsrc)->rtp().stats().retransmitted;
  const int64_t lost_sound = sound().lost();
  call.up().Configure(Link(600_kbps));
  Run(1_s);
  EXPECT_LT(call.publisher.target_bitrate(), 600_kbps);
  Run(9_s);
  EXPECT_LE(call.up().stats().queue_dropped - before.queue_dropped, 60u);
  EXPECT_LE(call.publisher.video_sender(Call::kVideoSsrc)->rtp().stats().retransmitted - resent,
            60u);
  EXPECT_LE(sound().lost() - lost_sound, 3);
  const size_t frames = call.frames.size();
  Run(3_s);
  EXPECT_GE(call.frames.size() - frames, 80u);
  EXPECT_EQ(call.undecodable, 0);
}

INSTANTIATE_TEST_SUITE_P(Call, NarrowLink, ::testing::Values(0, 100, 300, 600),
                         [](const auto& p) { return "EncoderLate" + std::to_string(p.param); });

}  // namespace
}  // namespace ferry::session
