// The whole gateway and its clients.
#include "gateway/app/gateway.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gateway/testing/gateway_fixture.h"
#include "gateway/testing/media.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

TEST_F(GatewayTest, TwoClientsCall) {
  Start();
  const Client ann = Joined("ann");
  const Client bob = Joined("bob");
  ASSERT_TRUE(Until([&] { return ann->Has({{"type", "user-entered"}, {"userId", "bob"}}); }));
  const json published = Publish(ann, "video");
  ASSERT_TRUE(Until([&] { return bob->Has({{"type", "stream-added"}}); }));
  const json subscribed = Ask(bob, {{"type", "subscribe"}, {"streamId", published["streamId"]}});
  EXPECT_EQ(subscribed["codec"], "vp8");
  ASSERT_TRUE(Until([&] { return !ann->packets.empty(); }));
  const auto request = rtp::ParseRtcp(ann->packets[0]);
  ASSERT_TRUE(request);
  EXPECT_TRUE(std::holds_alternative<rtp::PictureLossIndication>(request->at(0)));

  for (uint16_t i = 0; i < 50; ++i) {
    ann->SendBinary(testing::Bytes({.ssrc = published["ssrc"],
                                    .sequence = i,
                                    .timestamp = 3000u * i,
                                    .keyframe = i == 0,
                                    .payload_size = 1100}));
  }
  ASSERT_TRUE(Until([&] { return bob->packets.size() >= 50; }));
  for (uint16_t i = 0; i < 50; ++i) {
    const auto packet = rtp::ParseRtp(bob->packets[i]);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->header.ssrc, subscribed["ssrc"]);
    EXPECT_EQ(packet->header.timestamp, 3000u * i);
    EXPECT_EQ(packet->payload.size(), 1100u);
  }
  ann->Close();
  ASSERT_TRUE(Until([&] { return bob->Has({{"type", "user-left"}, {"reason", 0}}); }));
}

TEST_F(GatewayTest, TwoGatewaysDoNotShareAPort) {
  Start();
  Config same = config;
  same.port = gateway->port();
  for (const bool webtransport : {true, false}) {
    same.webtransport = webtransport;
    Gateway second(io, same, AppStore(std::vector<Application>{}),
                   std::make_shared<spdlog::logger>("second"));
    const auto started = second.Start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find("port " + std::to_string(same.port)), std::string::npos)
        << started.error().message;
  }
}

TEST_F(GatewayTest, AConnectionThatIsNotResumedIsATimeoutToTheOthers) {
  config.sessions.resume_timeout = Duration::Millis(100);
  Start();
  const Client ann = Joined("ann");
  const Client bob = Joined("bob");
  bob->Abort();
  EXPECT_TRUE(Until([&] { return ann->Has({{"type", "user-left"}, {"reason", 1}}); }));
}

TEST_F(GatewayTest, TheSameUserTwiceReplacesTheFirst) {
  Start();
  const Client first = Joined("ann");
  const Client second = Joined("ann");
  EXPECT_TRUE(ClosesWith(first, 4001));
  EXPECT_TRUE(first->Has({{"type", "kicked"}, {"reason", "kick"}}));
  EXPECT_EQ(Publish(second, "audio")["type"], "ok");
}

TEST_F(GatewayTest, LeavingIsAnsweredAndClosed) {
  Start();
  const Client ann = Joined("ann");
  EXPECT_EQ(Ask(ann, {{"type", "leave"}})["type"], "ok");
  EXPECT_TRUE(ClosesWith(ann, 1000));
}

TEST_F(GatewayTest, BadSignaturesAreRefusedAndClosed) {
  Start();
  const auto refused = [&](int code, const std::string& sig) {
    const Client client = Connect();
    json join = JoinMessage("ann");
    join["userSig"] = sig;
    client->Send(join);
    EXPECT_TRUE(ClosesWith(client, 4006));
    EXPECT_TRUE(client->Has({{"type", "error"}, {"id", 1}, {"code", code}})) << code;
  };
  const int64_t now = UnixSeconds();
  refused(70001, SignUserSig(kApp, kSecret, "ann", now - 7200, 3600));
  refused(70009, SignUserSig(kApp, "forged", "ann", now, 3600));
  refused(70013, SignUserSig(kApp, kSecret, "bob", now, 3600));
  refused(70014, SignUserSig(kApp + 1, kSecret, "ann", now, 3600));
  EXPECT_EQ(log_text.str().find(kSecret), std::string::npos);
  EXPECT_EQ(log_text.str().find("eJ"), std::string::npos) << "no userSig in the log";
}

TEST_F(GatewayTest, WhatAnotherProcessDoesToAnApplicationTakesEffectWithoutARestart) {
  const auto file = directory / "ferry.db";
  auto store = AppStore::Open(file);
  ASSERT_TRUE(store);
  const std::string secret = store->Find(AppStore::kDemoSdkAppId)->secret;
  StartWith(std::move(*store));
  const auto enter = [&](const std::string& user) {
    json join = JoinMessage(user);
    join["sdkAppId"] = AppStore::kDemoSdkAppId;
    join["userSig"] = SignUserSig(AppStore::kDemoSdkAppId, secret, user, UnixSeconds(), 3600);
    const Client client = Connect();
    const json answer = Ask(client, join);
    return answer["type"] == "ok" ? 0 : answer["code"].get<int>();
  };
  EXPECT_EQ(enter("ann"), 0);
  auto other = AppStore::OpenExisting(file);
  ASSERT_TRUE(other->Set(AppStore::kDemoSdkAppId, {.status = ApplicationStatus::kSuspended}));
  EXPECT_TRUE(Until([&] { return enter("bob") == -100013; }));
  EXPECT_EQ(Ask(clients.front(), {{"type", "ping"}, {"timeMs", 1}})["type"], "ok")
      << "who is in a room stays";
  ASSERT_TRUE(other->Set(AppStore::kDemoSdkAppId,
                         {.status = ApplicationStatus::kActive, .new_secret = true}));
  EXPECT_TRUE(Until([&] { return enter("bob") == 70009; })) << "another secret";
  ASSERT_TRUE(other->Remove(AppStore::kDemoSdkAppId));
  EXPECT_TRUE(Until([&] { return enter("bob") == 70020; })) << "not known any more";
}

TEST_F(GatewayTest, RubbishIsAnsweredAndOthersNoticeNothing) {
  Start();
  const Client ann = Joined("ann");
  const Client bob = Connect();
  bob->SendText("{]");
  ASSERT_TRUE(Until([&] { return bob->Has({{"type", "error"}, {"code", 20001}}); }));
  bob->SendText(R"({"type":"dance","id":5})");
  ASSERT_TRUE(Until([&] { return bob->Has({{"id", 5}, {"code", 20002}}); }));
  bob->SendBinary(testing::Bytes({}));
  ASSERT_TRUE(Until([&] { return bob->Has({{"type", "error"}, {"code", 20003}}); }));
  for (int i = 0; i < 100; ++i) bob->SendText("\"");
  EXPECT_TRUE(ClosesWith(bob, 4003));
  EXPECT_EQ(Ask(ann, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
}

TEST_F(GatewayTest, TextThatIsNotUtf8EndsTheConnection) {
  Start();
  const Client ann = Joined("ann");
  ann->SendText("\xFF\xFE\xFD");
  EXPECT_TRUE(Until([&] { return ann->closed; }));
  EXPECT_NE(MetricsText().find("ferry_connections_closed_total{code=\"1007\"} 1\n"),
            std::string::npos);
}

TEST_F(GatewayTest, OversizedFramesEndTheConnection) {
  Start();
  const Client text = Joined("text");
  text->SendText(std::string(65'537, ' '));
  EXPECT_TRUE(ClosesWith(text, 1009));
  EXPECT_NE(MetricsText().find("ferry_connections_closed_total{code=\"1009\"} 1\n"),
            std::string::npos);
  const Client binary = Joined("binary");
  binary->SendBinary(std::vector<uint8_t>(1201, 0x80));
  EXPECT_TRUE(ClosesWith(binary, 1009));
  EXPECT_TRUE(binary->Has({{"type", "error"}, {"code", 20013}}));
}

TEST_F(GatewayTest, RandomBinaryEndsTheConnection) {
  Start();
  const Client ann = Joined("ann");
  const Client bob = Joined("bob");
  std::mt19937 generator(3);
  for (int i = 0; i < 1000; ++i) {
    std::vector<uint8_t> bytes(generator() % 1200);
    for (auto& byte : bytes) byte = static_cast<uint8_t>(generator());
    ann->SendBinary(bytes);
  }
  EXPECT_TRUE(Until([&] { return ann->closed; }));
  EXPECT_EQ(Ask(bob, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
}

TEST_F(GatewayTest, NoJoinEndsTheConnection) {
  config.sessions.join_timeout = Duration::Millis(100);
  Start();
  const Client silent = Connect();
  EXPECT_TRUE(ClosesWith(silent, 4002));
  EXPECT_TRUE(silent->Has({{"type", "error"}, {"code", 20012}}));
}

TEST_F(GatewayTest, SilenceEndsTheConnection) {
  config.sessions.idle_timeout = Duration::Millis(100);
  Start();
  EXPECT_TRUE(ClosesWith(Joined("ann"), 4005));
}

TEST_F(GatewayTest, AReaderThatNeverReadsIsCutOffWithinItsMemory) {
  config.sessions.media.queue.stall = Duration::Millis(500);
  config.sessions.media.queue.max_media_bytes = 200'000;
  config.sessions.resume_timeout = Duration::Millis(100);
  // The publisher pours as fast as it can.
  config.sessions.media.max_publish_packets_per_second = 10'000'000;
  config.sessions.media.max_publish_rate = DataRate::KilobitsPerSec(10'000'000);
  Start();
  const Client ann = Joined("ann");
  const json published = Publish(ann, "video");
  const Client good = Joined("good");
  Ask(good, {{"type", "subscribe"}, {"streamId", published["streamId"]}});
  const Client slow = Joined("slow", {.read = false, .receive_buffer_bytes = 4096});
  slow->Send({{"type", "subscribe"}, {"id", 2}, {"streamId", published["streamId"]}});
  ASSERT_TRUE(Until([&] { return gateway->Total(&Metrics::subscriptions) == 2; }));

  uint16_t sequence = 0;
  size_t most_queued = 0;
  const bool cut_off = Until([&] {
    for (int i = 0; i < 20; ++i, ++sequence) {
      ann->SendBinary(testing::Bytes({.ssrc = published["ssrc"],
                                      .sequence = sequence,
                                      .timestamp = 3000u * sequence,
                                      .keyframe = true,
                                      .payload_size = 1100}));
    }
    const size_t sent = sequence;
    Until([&] { return gateway->Total(&Metrics::packets_in) >= static_cast<int64_t>(sent); });
    most_queued = std::max(most_queued, gateway->queued_bytes());
    return gateway->Total(&Metrics::slow_readers) == 1;
  });
  EXPECT_TRUE(cut_off);
  EXPECT_LT(most_queued, 2 * 200'000u + 10'000u) << "the bound of two subscribers";
  EXPECT_TRUE(Until([&] { return good->Has({{"type", "user-left"}, {"userId", "slow"}}); }));
  EXPECT_GT(gateway->Dropped(DropReason::kQueueVideo), 0);
  EXPECT_GT(good->packets.size(), 100u);
  EXPECT_FALSE(good->closed);
  EXPECT_FALSE(ann->closed);
}

TEST_F(GatewayTest, ASessionGoesOnOverAnotherConnection) {
  Start();
  const Client ann = Joined("ann");
  const Client bob = Connect();
  const json joined = Ask(bob, JoinMessage("bob"));
  const json published = Publish(bob, "audio");
  bob->Abort();
  const Client again = Connect();
  const json resumed = Ask(
      again, {{"type", "resume"}, {"version", 1}, {"token", joined["resumeToken"]}, {"ack", 0}});
  ASSERT_EQ(resumed["type"], "ok");
  EXPECT_TRUE(Until([&] { return again->Has({{"seq", 1}, {"ssrc", published["ssrc"]}}); }));
  EXPECT_EQ(Ask(ann, {{"type", "subscribe"}, {"streamId", published["streamId"]}})["type"], "ok");
  again->SendBinary(
      testing::Bytes({.ssrc = published["ssrc"], .payload_type = rtp::kOpusPayloadType}));
  EXPECT_TRUE(Until([&] { return !ann->packets.empty(); }));
  EXPECT_FALSE(ann->Has({{"type", "user-left"}}));
}

TEST_F(GatewayTest, AForgedTokenIsRefusedAndClosed) {
  Start();
  const Client ann = Joined("ann");
  const Client thief = Connect();
  thief->Send({{"type", "resume"}, {"id", 1}, {"version", 1}, {"token", "x.y"}, {"ack", 0}});
  EXPECT_TRUE(ClosesWith(thief, 4007));
  EXPECT_TRUE(thief->Has({{"type", "error"}, {"id", 1}, {"code", 20016}}));
  EXPECT_EQ(Ask(ann, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
}

TEST_F(GatewayTest, DrainingWaitsForClientsToMoveAndEndsWhenTheyHave) {
  Start();
  const Client ann = Joined("ann");
  gateway->Shutdown(Gateway::ShutdownStage::kDrain, [this] { stopped = true; });
  EXPECT_TRUE(Until([&] {
    return ann->Has({{"type", "closing"}, {"reason", "draining"}, {"reconnect", true}});
  }));
  EXPECT_EQ(Get("/readyz").status, 503u);
  const Client late = Connect();
  EXPECT_EQ(Ask(late, JoinMessage("late"))["code"], 20011);
  EXPECT_EQ(Publish(ann, "audio")["type"], "ok") << "the call goes on";
  EXPECT_FALSE(stopped);
  ann->Send({{"type", "leave"}, {"id", 999}});
  EXPECT_TRUE(Until([&] { return stopped; }));
}

TEST_F(GatewayTest, ASecondSignalCutsTheDrainShort) {
  Start();
  const Client silent = Joined("silent", {.read = false});
  ASSERT_TRUE(Until([&] { return gateway->Total(&Metrics::participants) == 1; }));
  gateway->Shutdown(Gateway::ShutdownStage::kDrain, [this] { stopped = true; });
  EXPECT_FALSE(stopped);
  gateway->Shutdown(Gateway::ShutdownStage::kNone, nullptr);
  EXPECT_TRUE(Until([&] { return stopped; }));
}

TEST_F(GatewayTest, ShuttingDownTellsClientsAndEnds) {
  Start();
  const Client ann = Joined("ann");
  const Client silent = Joined("silent", {.read = false});
  ASSERT_TRUE(Until([&] { return gateway->Total(&Metrics::participants) == 2; }));
  Shutdown();
  EXPECT_TRUE(ClosesWith(ann, 1001));
  EXPECT_TRUE(ann->Has({{"type", "closing"}}));
  EXPECT_TRUE(Connect()->failed) << "nobody is let in any more";
}

TEST_F(GatewayTest, ShuttingDownCutsOffWhoIsLeftAtTheDeadline) {
  config.shutdown_timeout_ms = 0;
  Start();
  Joined("ann", {.read = false});
  ASSERT_TRUE(Until([&] { return gateway->Total(&Metrics::participants) == 1; }));
  Shutdown();
  EXPECT_EQ(gateway->Total(&Metrics::connections), 0);
}

TEST_F(GatewayTest, TheGatewayIsFullAtItsLimit) {
  config.listener.max_connections = 1;
  Start();
  const Client ann = Joined("ann");
  EXPECT_EQ(Connect()->http_status, 503u);
  ann->Abort();
  EXPECT_TRUE(Until([&] { return Connect()->open; }));
}

TEST_F(GatewayTest, WhoConnectsAndDoesNotJoinKeepsNobodyFromComingBack) {
  config.listener.max_connections = 3;
  config.sessions.max_entering = 1;
  Start();
  const Client ann = Connect();
  const json joined = Ask(ann, JoinMessage("ann"));
  ann->Abort();
  ASSERT_TRUE(Until([&] { return gateway->Total(&Metrics::sessions_in_grace) == 1; }));
  Client last;
  for (int i = 0; i < 5; ++i) {
    const Client before = std::exchange(last, Connect());
    ASSERT_TRUE(last->open);
    if (!before) continue;
    EXPECT_TRUE(ClosesWith(before, 1013));
    EXPECT_TRUE(before->Has({{"type", "error"}, {"code", 20006}}));
    ASSERT_TRUE(Until([&] { return gateway->Total(&Metrics::connections) == 1; }));
  }
  const Client again = Connect();
  EXPECT_EQ(Ask(again, {{"type", "resume"},
                        {"version", 1},
                        {"token", joined["resumeToken"]},
                        {"ack", 0}})["type"],
            "ok");
  EXPECT_TRUE(ClosesWith(last, 1013));
  EXPECT_EQ(gateway->Total(&Metrics::entering), 0);
  EXPECT_TRUE(Connect()->open);
  EXPECT_EQ(Ask(again, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
}

TEST_F(GatewayTest, OnlyItsPathAndProtocolUpgrade) {
  Start();
  EXPECT_EQ(Connect({.path = "/other"})->http_status, 404u);
  EXPECT_EQ(Connect({.protocol = "chat"})->http_status, 426u);
  EXPECT_EQ(Connect({.protocol = ""})->http_status, 426u);
  EXPECT_TRUE(Connect({.protocol = "chat, ferry.v1"})->open);
}

}  // namespace
}  // namespace ferry::gateway
