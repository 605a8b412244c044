// What is published, in virtual time and without a network: when each packet leaves, and when the
// end has come.
#include "client/media/publication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "client/media/engine_port.h"
#include "client/media/open_file.h"
#include "client/testing/files.h"
#include "client/testing/ivf.h"

namespace ferry::client {
namespace {

using testing::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IvfFrameOf;
using testing::IvfHeader;
using testing::LittleBytes;
using testing::Texts;
using testing::Vp8Delta;
using testing::Vp8Key;

constexpr uint32_t kVideo = 10, kAudio = 20;
constexpr DataRate kRate = DataRate::KilobitsPerSec(40);

std::string Wav(size_t samples) {
  const std::string format = LittleBytes(1, 2) + LittleBytes(1, 2) + LittleBytes(48'000, 4) +
                             LittleBytes(96'000, 4) + LittleBytes(2, 2) + LittleBytes(16, 2);
  return "RIFF" + LittleBytes(36 + 2 * samples, 4) + "WAVEfmt " + LittleBytes(16, 4) + format +
         "data" + LittleBytes(2 * samples, 4) + std::string(2 * samples, '\x11');
}

class PublicationTest : public ::testing::Test {
 protected:
  struct Sent {
    int64_t ms;  // after the start
    uint32_t timestamp;
    bool keyframe;
  };

  void Video(const std::string& bytes, bool loop = false) {
    auto track = OpenVideo(Bytes(bytes), {.bitrate = kRate, .small_bitrate = {}, .loop = loop});
    ASSERT_TRUE(track) << track.error().message;
    publication.SetVideo(std::move(*track));
    ASSERT_TRUE(publication.StartVideo({kVideo}, now, port.engine()));
  }
  void Audio(const std::string& bytes, bool loop = false) {
    auto track = OpenAudio(Bytes(bytes), kRate, loop);
    ASSERT_TRUE(track) << track.error().message;
    publication.SetAudio(std::move(*track));
    ASSERT_TRUE(publication.StartAudio(kAudio, now, port.engine()));
  }
  // Until the end or so long; when it came.
  int64_t Run(int64_t most_ms) {
    for (; (now - start).ms() < most_ms; now += Duration::Millis(1)) {
      const auto more = publication.Tick(now, port.engine());
      EXPECT_TRUE(more) << more.error().message;
      if (!more || !*more) break;
      for (auto packet = port.NextPacket(now); !packet.empty(); packet = port.NextPacket(now)) {
        const auto view = rtp::ParseRtp(packet);
        if (rtp::IsRtcp(packet) || !view) continue;
        // Each frame is one packet here; the descriptor has 4 bytes.
        const bool key = view->header.ssrc == kVideo && (view->payload[4] & 1) == 0;
        sent[view->header.ssrc].push_back({(now - start).ms(), view->header.timestamp, key});
      }
    }
    return (now - start).ms();
  }
  std::vector<int64_t> Times(uint32_t ssrc) {
    std::vector<int64_t> times;
    for (const Sent& packet : sent[ssrc]) times.push_back(packet.ms);
    return times;
  }

  const Timestamp start = Timestamp::Millis(1'790'000'000'000);
  Timestamp now = start;
  EnginePort port{1};
  Publication publication;
  std::map<uint32_t, std::vector<Sent>> sent;
};

constexpr int64_t kDrainMs = Publication::kDrain.ms();

TEST_F(PublicationTest, FramesOfAFileLeaveAtTheirTimestamps) {
  Video(IvfHeader(1000, 1) + IvfFrameOf(500, Vp8Key()) + IvfFrameOf(540, Vp8Delta()) +
        IvfFrameOf(740, Vp8Delta()) + IvfFrameOf(750, Vp8Delta()));
  Run(10'000);
  EXPECT_THAT(Times(kVideo), ElementsAre(0, 40, 240, 250));
  const auto& packets = sent[kVideo];
  EXPECT_EQ(packets[1].timestamp - packets[0].timestamp, 40u * 90);
  EXPECT_EQ(packets[2].timestamp - packets[0].timestamp, 240u * 90);
}

TEST_F(PublicationTest, HalfOfAFilesFramesKeepItsSpeed) {
  std::string file = IvfHeader(30, 1);
  for (uint64_t i = 0; i < 15; ++i) file += IvfFrameOf(2 * i, i == 0 ? Vp8Key() : Vp8Delta());
  Video(file);
  EXPECT_NEAR(Run(10'000), 1000 + kDrainMs, 1) << "a second, and what is still to be seen";
  EXPECT_EQ(Times(kVideo).back(), 934);
}

TEST_F(PublicationTest, AFrameOfNoBytesIsWaitedFor) {
  Video(IvfHeader(10, 1) + IvfFrameOf(0, Vp8Key()) + IvfFrameOf(1, "") + IvfFrameOf(2, Vp8Delta()));
  Run(10'000);
  EXPECT_THAT(Times(kVideo), ElementsAre(0, 200));
}

TEST_F(PublicationTest, ALoopGoesOnWithoutAPauseFromAKeyFrame) {
  Video(IvfHeader(10, 1) + IvfFrameOf(0, Vp8Key()) + IvfFrameOf(1, Vp8Delta()), /*loop=*/true);
  EXPECT_EQ(Run(500), 500);
  EXPECT_THAT(Times(kVideo), ElementsAre(0, 100, 200, 300, 400));
  std::vector<bool> keys;
  for (const Sent& packet : sent[kVideo]) keys.push_back(packet.keyframe);
  EXPECT_THAT(keys, ElementsAre(true, false, true, false, true));
}

TEST_F(PublicationTest, AKeyFrameThatIsAskedForBeginsTheFileAnew) {
  Video(IvfHeader(10, 1) + IvfFrameOf(0, Vp8Key()) + IvfFrameOf(1, Vp8Delta()) +
        IvfFrameOf(2, Vp8Delta()));
  Run(150);
  publication.video()->RequestKeyframe(kVideo);
  Run(10'000);
  EXPECT_THAT(Times(kVideo), ElementsAre(0, 100, 200, 300, 400));
  EXPECT_TRUE(sent[kVideo][2].keyframe);
}

TEST_F(PublicationTest, WhatWasSentLastIsHeardBeforeTheEnd) {
  Audio(Wav(4800));
  EXPECT_EQ(Run(10'000), 220 + kDrainMs);
  ASSERT_EQ(Times(kAudio).size(), 11u) << "100 ms, what the coder holds back, and silence";
  EXPECT_EQ(Times(kAudio).back(), 210);
}

TEST_F(PublicationTest, EndsWithTheLongerOfTwoFiles) {
  Audio(Wav(48'000));
  Video(IvfHeader(10, 1) + IvfFrameOf(0, Vp8Key()));
  EXPECT_EQ(Run(10'000), 1120 + kDrainMs);
}

TEST_F(PublicationTest, WhatHasNoEndDoesNotHoldUpTheOther) {
  publication.SetAudio(AudioTrack::FromSound(std::make_unique<Tone>(440), kRate, false));
  ASSERT_TRUE(publication.StartAudio(kAudio, now, port.engine()));
  Video(IvfHeader(10, 1) + IvfFrameOf(0, Vp8Key()));
  const int64_t end = Run(10'000);
  EXPECT_GE(end, kDrainMs);
  EXPECT_LT(end, 200 + kDrainMs);
}

TEST_F(PublicationTest, WithoutAnEndItHasNone) {
  Audio(Wav(480), /*loop=*/true);
  EXPECT_EQ(Run(3'000), 3'000);
  EXPECT_EQ(Times(kAudio).size(), 150u) << "a file of half a packet, and no packet is missing";
}

TEST_F(PublicationTest, WhatCannotBeSentInTimeIsNotMadeUpFor) {
  Audio(Wav(480), /*loop=*/true);
  Run(100);
  now += Duration::Seconds(3600);
  ASSERT_TRUE(publication.Tick(now, port.engine()));
  size_t packets = 0;
  while (!port.NextPacket(now).empty()) ++packets;
  EXPECT_LT(packets, 5u);
}

TEST_F(PublicationTest, WhatIsWrongWithTheFilesIsTold) {
  Video(IvfHeader(10, 1) + IvfFrameOf(0, Vp8Key()) + "cut");
  Audio(Wav(4800).substr(0, 1000));
  EXPECT_THAT(Texts(publication.TakeNotes()), ElementsAre(HasSubstr("ends at byte 57")))
      << "a file that can be begun anew is looked through";
  Run(10'000);
  EXPECT_THAT(Texts(publication.TakeNotes()), ElementsAre(HasSubstr("ends at byte 1000")));
  EXPECT_THAT(publication.TakeNotes(), IsEmpty());
}

}  // namespace
}  // namespace ferry::client
