// A participant without a connection among clients over both transports: a consumer of all that
// they publish, on one worker, and a source that plays a file, on another.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/app/gateway.h"
#include "gateway/testing/gateway_fixture.h"
#include "gateway/testing/media.h"
#include "gateway/testing/synthetic_participant.h"

namespace ferry::gateway {
namespace {

using net::TransportKind;
using nlohmann::json;

class GatewaySeamsTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    config.workers = 3;
  }
  static TransportKind Other() {
    return WebTransportService::Available() ? TransportKind::kWebTransport
                                            : TransportKind::kWebSocket;
  }
  // One key frame and small frames of one packet each.
  static std::vector<std::vector<uint8_t>> File() {
    std::vector<std::vector<uint8_t>> frames{std::vector<uint8_t>(5000, 0x10)};
    for (int i = 0; i < 9; ++i) frames.emplace_back(500, 0x11);
    return frames;
  }
  // What a client has got of video, by SSRC: the packets must be in order, of our payload type, and
  // numbered for the whole path.
  static int64_t Video(const Client& client, uint32_t ssrc) {
    int64_t count = 0;
    std::optional<uint16_t> last;
    for (const auto& bytes : client->packets) {
      if (rtp::IsRtcp(bytes)) continue;
      const auto packet = rtp::ParseRtp(bytes);
      if (!packet || packet->header.ssrc != ssrc) continue;
      EXPECT_EQ(packet->header.payload_type, rtp::kVp8PayloadType);
      EXPECT_TRUE(packet->extensions.transport_sequence_number);
      if (last) {
        EXPECT_TRUE(IsNewer(packet->header.sequence_number, *last));
      }
      last = packet->header.sequence_number;
      ++count;
    }
    return count;
  }
};

TEST_F(GatewaySeamsTest, AConsumerAndASourceTakePartAmongClientsOfBothTransports) {
  Start();
  const Client ann = Connect();
  const json entered = Ask(ann, JoinMessage("ann"));
  ASSERT_EQ(entered["type"], "ok");
  const json early = Publish(ann, "video");
  ASSERT_EQ(early["type"], "ok");

  testing::SyntheticParticipant zoe(*gateway, "zoe", /*consumer_worker=*/1, /*source_worker=*/2);
  ASSERT_TRUE(zoe.Enter({kApp, std::string("den")}, File()));
  // Which worker a client comes to is the kernel's choice: of three two are others.
  testing::SyntheticParticipant yan(*gateway, "yan", /*consumer_worker=*/0, /*source_worker=*/1);
  testing::SyntheticParticipant xia(*gateway, "xia", /*consumer_worker=*/2, /*source_worker=*/0);
  for (testing::SyntheticParticipant* other : {&yan, &xia}) {
    ASSERT_TRUE(other->Enter({kApp, std::string("den")}, File()));
  }
  const std::array<const testing::SyntheticParticipant*, 3> consumers{&zoe, &yan, &xia};
  ASSERT_TRUE(Until([&] { return ann->Has({{"type", "stream-added"}, {"userId", "zoe"}}); }));
  const json added = ann->Find({{"type", "stream-added"}, {"userId", "zoe"}})["stream"];
  EXPECT_EQ(added["codec"], "vp8");

  const Client bob = Connect({.transport = Other()});
  ASSERT_EQ(Ask(bob, JoinMessage("bob"))["type"], "ok");
  const json late = Publish(bob, "video");
  ASSERT_EQ(late["type"], "ok");

  // Everything that both publish comes to the consumer, though neither is watched by anybody else.
  constexpr int kFrames = 50;
  zoe.RequestKeyframes();
  std::array<uint16_t, 2> sequence{100, 65'500};
  const auto send = [&](size_t i, bool keyframe) {
    const Client& client = i == 0 ? ann : bob;
    client->SendBinary(testing::Bytes({.ssrc = (i == 0 ? early : late)["ssrc"],
                                       .sequence = sequence[i]++,
                                       .timestamp = sequence[i] * 3000u,
                                       .keyframe = keyframe,
                                       .payload_size = 900}));
  };
  // Of each publisher, whichever consumer has got the fewest.
  const auto received = [&] {
    std::array<int64_t, 2> least{INT64_MAX, INT64_MAX};
    for (size_t i : {0, 1}) {
      const std::string stream = (i == 0 ? early : late)["streamId"];
      for (const auto* consumer : consumers) {
        least[i] = std::min(least[i], consumer->PacketsOf(stream));
      }
    }
    return least;
  };
  // The consumers are attached once something of both has come.
  ASSERT_TRUE(Until([&] {
    for (size_t i : {0, 1}) send(i, true);
    io.run_for(std::chrono::milliseconds(5));
    const auto [of_ann, of_bob] = received();
    return of_ann > 0 && of_bob > 0;
  }));
  const auto before = received();
  int frames = 0;
  // Datagrams may be lost: as many are sent as it takes.
  EXPECT_TRUE(Until([&] {
    for (size_t i : {0, 1}) send(i, frames == 0);
    ++frames;
    io.run_for(std::chrono::milliseconds(1));
    const auto now = received();
    return now[0] >= before[0] + kFrames && now[1] >= before[1] + kFrames;
  }));
  const std::array<int64_t, 2> sent{sequence[0] - 100, static_cast<uint16_t>(sequence[1] - 65'500)};
  for (const auto* consumer : consumers) {
    EXPECT_LE(consumer->PacketsOf(early["streamId"]), sent[0]);
    EXPECT_LE(consumer->PacketsOf(late["streamId"]), sent[1]);
    EXPECT_EQ(consumer->counts.faults, 0);
  }

  // And his file to both of them.
  std::array<uint32_t, 2> ssrc{};
  for (size_t i : {0, 1}) {
    const json subscribed =
        Ask(i == 0 ? ann : bob, {{"type", "subscribe"}, {"streamId", added["streamId"]}});
    ASSERT_EQ(subscribed["type"], "ok");
    ssrc[i] = subscribed["ssrc"];
  }
  EXPECT_TRUE(Until([&] {
    zoe.Play();
    io.run_for(std::chrono::milliseconds(5));
    return Video(ann, ssrc[0]) >= 30 && Video(bob, ssrc[1]) >= 30;
  }));
  EXPECT_GE(zoe.counts.keyframe_requests, 1) << "what the clients ask for reaches the source";

  std::atomic<int> left = 0;
  for (testing::SyntheticParticipant* each : {&zoe, &yan, &xia}) each->Leave([&] { ++left; });
  EXPECT_TRUE(Until([&] { return left == 3; }));
  EXPECT_TRUE(Until([&] { return ann->Has({{"type", "user-left"}, {"userId", "zoe"}}); }));
  EXPECT_EQ(gateway->Total(&Metrics::streams), 2);
}

}  // namespace
}  // namespace ferry::gateway
