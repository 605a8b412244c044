// A published video and what a receiver decodes of it, in virtual time, without a network between.
#include <gtest/gtest.h>

#include "client/media/engine_port.h"
#include "client/media/video_sink.h"
#include "client/media/video_track.h"

namespace ferry::client {
namespace {

constexpr uint32_t kBig = 10, kSmall = 11;

class PublishPlayTest : public ::testing::Test {
 protected:
  PublishPlayTest() {
    publisher.on_keyframe_wanted = [this](uint32_t ssrc) {
      ++keyframes_wanted;
      track->RequestKeyframe(ssrc);
    };
    subscriber.on_frame = [this](uint32_t, const session::VideoReceiver::Frame& frame) {
      EXPECT_TRUE(sink->Take(frame));
    };
    auto made =
        VideoTrack::FromPictures(std::make_unique<SyntheticPictures>(VideoSize{160, 90}, 30),
                                 {{160, 90, 200'000}, {80, 46, 60'000}}, /*loop=*/false);
    EXPECT_TRUE(made) << made.error().message;
    track.emplace(std::move(*made));
    sink.emplace(std::move(*VideoSink::Create()));
    EXPECT_TRUE(track->Start({kBig, kSmall}, publisher.engine()));
  }

  // A second of frames, of which those of `ssrc` arrive.
  void Run(uint32_t ssrc) {
    for (int ms = 0; ms < 1000; ++ms, now += Duration::Millis(1)) {
      if (ms % 33 == 0) {
        const auto sent = track->SendNext(now, now, publisher.engine());
        EXPECT_TRUE(sent && *sent);
      }
      for (auto packet = publisher.NextPacket(now); !packet.empty();
           packet = publisher.NextPacket(now)) {
        const auto view = rtp::ParseRtp(packet);
        if (rtp::IsRtcp(packet) || (view && view->header.ssrc == ssrc)) {
          subscriber.OnPacket(packet, now);
        }
      }
      for (auto packet = subscriber.NextPacket(now); !packet.empty();
           packet = subscriber.NextPacket(now)) {
        publisher.OnPacket(packet, now);
      }
    }
  }

  Timestamp now = Timestamp::Millis(1'790'000'000'000);
  EnginePort publisher{1};
  EnginePort subscriber{2};
  std::optional<VideoTrack> track;
  std::optional<VideoSink> sink;
  int keyframes_wanted = 0;
};

TEST_F(PublishPlayTest, EachEncodingArrivesInItsSize) {
  ASSERT_TRUE(subscriber.engine().AddVideoReceiver(kBig, 0));
  Run(kBig);
  EXPECT_EQ(sink->stats().size, (VideoSize{160, 90}));
  EXPECT_GT(sink->stats().frames, 25u);
  EXPECT_EQ(sink->stats().undecodable, 0u);
  EXPECT_EQ(sink->stats().backwards, 0u);
}

TEST_F(PublishPlayTest, ALateSubscriberGetsAKeyFrame) {
  // Later than the packets before its first, which it asks for, reach back to the beginning.
  for (int second = 0; second < 2; ++second) Run(kSmall);
  ASSERT_TRUE(subscriber.engine().AddVideoReceiver(kSmall, 0));
  Run(kSmall);
  EXPECT_GT(keyframes_wanted, 0);
  EXPECT_EQ(sink->stats().size, (VideoSize{80, 46}));
  EXPECT_GT(sink->stats().frames, 10u);
}

}  // namespace
}  // namespace ferry::client
