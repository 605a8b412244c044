// A participant without a connection among clients over both transports: a consumer of all that
// they publish, on one worker, and a source that plays a file, on another.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
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
  // The consumers are attached once something of both has come.
  ASSERT_TRUE(Until([&] {
    for (size_t i : {0, 1}) send(i, true);
    io.run_for(std::chrono::milliseconds(5));
    return zoe.counts.streams == 2 && zoe.counts.keyframes >= 4;
  }));
  const int64_t before = zoe.counts.packets;
  const int64_t sent = sequence[0] - 100 + static_cast<uint16_t>(sequence[1] - 65'500);
  int frames = 0;
  // Datagrams may be lost: as many are sent as it takes.
  EXPECT_TRUE(Until([&] {
    for (size_t i : {0, 1}) send(i, frames == 0);
    ++frames;
    io.run_for(std::chrono::milliseconds(1));
    return zoe.counts.packets >= before + 2 * kFrames;
  }));
  EXPECT_LE(zoe.counts.packets, sent + 2 * frames);
  EXPECT_EQ(zoe.counts.faults, 0);

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

  std::atomic<bool> left = false;
  zoe.Leave([&] { left = true; });
  EXPECT_TRUE(Until([&] { return left.load(); }));
  EXPECT_TRUE(Until([&] { return ann->Has({{"type", "user-left"}, {"userId", "zoe"}}); }));
  EXPECT_EQ(gateway->Total(&Metrics::streams), 2);
}

}  // namespace
}  // namespace ferry::gateway
