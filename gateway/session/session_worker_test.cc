// Rooms whose users are on several workers.
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "gateway/testing/session_fixture.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

class SessionWorkerTest : public SessionTest {
 protected:
  SessionWorkerTest() : SessionTest(3) {}
  Client& JoinedOn(unsigned worker, const std::string& user) {
    return Joined(user, json::object(), worker);
  }
  // Asks to resume, while nobody takes mail.
  static void AskToResume(Client& client, const std::string& token) {
    const json message = {
        {"type", "resume"}, {"id", 7}, {"version", 1}, {"token", token}, {"ack", 0}};
    client.session->OnControl(message.dump());
  }
};

TEST_F(SessionWorkerTest, UsersOfOneRoomHearOfEachOtherWhereverTheyAre) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(1, "bob");
  Client& cid = JoinedOn(2, "cid");
  bob.Publish("audio");
  EXPECT_EQ(ann.Heard(), (Texts{"user-entered bob", "user-entered cid", "stream-added bob s1"}));
  EXPECT_EQ(cid.Heard(), (Texts{"stream-added bob s1"}));
  EXPECT_EQ(cid.Subscribe("s1")["type"], "ok");
  bob.Ask({{"type", "leave"}});
  EXPECT_EQ(ann.Heard(), (Texts{"stream-removed bob s1", "user-left bob 0"}));
  EXPECT_EQ(cid.Ask({{"type", "unsubscribe"}, {"streamId", "s1"}})["code"], 20007);
  EXPECT_EQ(Total(&Metrics::participants), 2);
}

TEST_F(SessionWorkerTest, ReplacingReachesAnotherWorker) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(2, "bob");
  JoinedOn(1, "ann");
  EXPECT_EQ(ann.connection.closed_with, 4001);
  EXPECT_EQ(ann.Heard().back(), "kicked kick");
  EXPECT_EQ(bob.Heard(), (Texts{"user-left ann 2", "user-entered ann"}));
}

TEST_F(SessionWorkerTest, ASessionResumesOnAnotherWorkerWithItsStreams) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(0, "bob");
  const json published = ann.Publish("audio");
  const uint32_t out = bob.Subscribe("s1")["ssrc"];
  bob.Hangup(false);
  Client& again = Connect(1);
  EXPECT_EQ(again.Resume(bob.token, 0)["lastId"], 2);
  EXPECT_EQ(again.Subscribe("s1")["ssrc"], out) << "subscribed as before";
  EXPECT_EQ(counts[0].subscriptions.value(), 0);
  EXPECT_EQ(counts[1].subscriptions.value(), 1);
  Client& ann2 = Connect(2);
  EXPECT_EQ(ann2.Resume(ann.token, 0)["type"], "ok");
  EXPECT_EQ(ann.connection.closed_with, 4008);
  EXPECT_EQ(counts[0].streams.value(), 0);
  EXPECT_EQ(counts[2].streams.value(), 1);
  EXPECT_EQ(ann2.Ask({{"type", "unpublish"}, {"streamId", "s1"}})["type"], "ok");
  EXPECT_EQ(again.Heard(), (Texts{"stream-added ann s1", "stream-removed ann s1"}));
}

TEST_F(SessionWorkerTest, WhatArrivesBeforeTheMediaHasMovedWaitsForIt) {
  Client& ann = JoinedOn(0, "ann");
  Client& again = Connect(1);
  // Nobody takes mail meanwhile: the former worker has not given up anything.
  AskToResume(again, ann.token);
  json publish = {{"type", "publish"}, {"id", 8},         {"kind", "audio"},
                  {"source", "main"},  {"codec", "opus"}, {"muted", false}};
  again.session->OnControl(publish.dump());
  again.connection.Drain(*again.session);
  EXPECT_TRUE(again.connection.messages.empty());
  Settle();
  again.connection.Drain(*again.session);
  ASSERT_EQ(again.connection.messages.size(), 2u);
  EXPECT_EQ(again.connection.messages[0]["lastId"], 1);
  EXPECT_EQ(again.connection.messages[1]["streamId"], "s1");
  EXPECT_EQ(ann.connection.closed_with, 4008);
}

TEST_F(SessionWorkerTest, TooMuchBeforeTheMediaHasMovedIsAFault) {
  Client& ann = JoinedOn(0, "ann");
  Client& again = Connect(1);
  AskToResume(again, ann.token);
  for (int i = 0; i < 100; ++i) again.session->OnControl(R"({"type":"ping","id":1,"timeMs":1})");
  EXPECT_EQ(again.connection.closed_with, 4003);
  Settle();
  EXPECT_EQ(Total(&Metrics::sessions), 0);
}

TEST_F(SessionWorkerTest, ASessionMovesOnBeforeItHasArrived) {
  Client& ann = JoinedOn(0, "ann");
  ann.Publish("audio");
  Client& second = Connect(1);
  AskToResume(second, ann.token);
  Client& third = Connect(2);
  AskToResume(third, ann.token);
  Settle();
  EXPECT_EQ(second.connection.closed_with, 4008);
  third.connection.Drain(*third.session);
  EXPECT_EQ(third.AnswerTo(7)["type"], "ok");
  third.next_id = 8;
  EXPECT_EQ(third.Publish("video")["type"], "ok");
  EXPECT_EQ(counts[2].streams.value(), 2);
  EXPECT_EQ(counts[0].streams.value() + counts[1].streams.value(), 0);
}

TEST_F(SessionWorkerTest, ASessionWhoseNewConnectionIsLostOnTheWayCanStillBeResumed) {
  Client& ann = JoinedOn(0, "ann");
  ann.Publish("audio");
  Client& second = Connect(1);
  AskToResume(second, ann.token);
  second.session->OnClosed({false, 0, "lost"});
  Settle();
  Client& third = Connect(2);
  EXPECT_EQ(third.Resume(ann.token, 0)["type"], "ok");
  EXPECT_EQ(counts[2].streams.value(), 1);
}

TEST_F(SessionWorkerTest, AConnectionWhoseSuccessorIsLostAtOnceIsNotTouchedAnyMore) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(0, "bob");
  ann.Publish("audio");
  bob.Subscribe("s1");
  Client& second = Connect(1);
  AskToResume(second, bob.token);
  second.session->OnClosed({false, 0, "lost"});  // before the former worker has heard of it
  Settle();
  EXPECT_EQ(bob.connection.closed_with, 4008);
  bob.Hangup(false);
  const int wakes = bob.connection.wakes;
  ann.SendMedia(
      {.ssrc = ann.AnswerTo(2)["ssrc"], .sequence = 1, .payload_type = rtp::kOpusPayloadType});
  EXPECT_EQ(bob.connection.wakes, wakes);
}

TEST_F(SessionWorkerTest, ASessionThatEndsOnTheWayLeavesNothingBehind) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(0, "bob");
  ann.Publish("audio");
  bob.Subscribe("s1");
  Client& second = Connect(1);
  AskToResume(second, ann.token);
  worker(0).sessions.TakeMail();  // gives the media up
  second.session->OnClosed({true, 1000, "left"});
  Settle();
  EXPECT_EQ(bob.Heard().back(), "user-left ann 0");
  EXPECT_EQ(counts[0].subscriptions.value(), 0);
  EXPECT_EQ(counts[0].streams.value() + counts[1].streams.value(), 0);
}

TEST_F(SessionWorkerTest, AStreamThatEndsWhileItsSubscriberMovesIsNotKept) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(1, "bob");
  ann.Publish("audio");
  bob.Subscribe("s1");
  Client& second = Connect(2);
  AskToResume(second, bob.token);
  worker(1).sessions.TakeMail();  // gives the media up
  ann.Ask({{"type", "unpublish"}, {"streamId", "s1"}});
  EXPECT_EQ(second.Heard().back(), "stream-removed ann s1");
  EXPECT_EQ(counts[1].subscriptions.value() + counts[2].subscriptions.value(), 0);
}

// Notes what happens while nobody else gets the control plane.
class ControlPlaneUseTest : public SessionWorkerTest {
 protected:
  // Calls Probe with each line.
  class ProbingSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
   public:
    explicit ProbingSink(ControlPlaneUseTest& test) : test_(test) {}

   private:
    void sink_it_(const spdlog::details::log_msg& message) override {
      test_.Probe({message.payload.data(), message.payload.size()});
    }
    void flush_() override {}
    ControlPlaneUseTest& test_;
  };

  void TearDown() override { log.sinks().resize(1); }

  void Probe(std::string what) {
    ++probes;
    auto other =
        std::async(std::launch::async, [this] { const ControlShard::Guard guard(shard()); });
    if (other.wait_for(std::chrono::seconds(5)) != std::future_status::ready) {
      held.push_back(std::move(what));
    }
    waiting.push_back(std::move(other));
  }

  int probes = 0;
  Texts held;
  std::vector<std::future<void>> waiting;  // for the control plane
};

TEST_F(ControlPlaneUseTest, ItIsFreeWhileMediaIsTakenApartAndMade) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(1, "bob");
  ann.Publish("audio");
  bob.Subscribe("s1");
  on_run_requested = [this] { Probe("media of another worker"); };
  EXPECT_EQ(Connect(2).Resume(bob.token, 0)["type"], "ok");
  on_run_requested = nullptr;
  EXPECT_GE(probes, 2) << "left on one worker, and wanted on another";
  EXPECT_EQ(held, Texts{});
}

TEST_F(ControlPlaneUseTest, ItIsFreeWhileAStreamIsTakenApart) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(1, "bob");
  ann.Publish("audio");
  bob.Subscribe("s1");
  on_run_requested = [this] { Probe("media of the subscriber's worker"); };
  EXPECT_EQ(ann.Ask({{"type", "unpublish"}, {"streamId", "s1"}})["type"], "ok");
  on_run_requested = nullptr;
  EXPECT_GE(probes, 1);
  EXPECT_EQ(held, Texts{});
  EXPECT_EQ(counts[1].subscriptions.value(), 0);
}

TEST_F(ControlPlaneUseTest, ItIsFreeWhileSomethingIsLogged) {
  log.sinks().push_back(std::make_shared<ProbingSink>(*this));
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(1, "bob");
  ann.Publish("audio");
  ann.Ask({{"type", "unpublish"}, {"streamId", "s1"}});
  bob.Hangup(false);
  Connect(2).Resume(bob.token, 0);
  JoinedOn(1, "bob");
  ann.Ask({{"type", "leave"}});
  EXPECT_GE(probes, 10);
  EXPECT_EQ(held, Texts{});
}

TEST_F(ControlPlaneUseTest, MediaGoesOnWhileItIsLocked) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(0, "bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  ASSERT_EQ(bob.Subscribe("s1")["type"], "ok");
  // Something to be told waits, and nobody else gets at the room.
  ann.session->OnControl(R"({"type":"update-stream","id":90,"streamId":"s1","muted":true})");
  std::future<void> media;
  {
    const ControlShard::Guard guard(shard());
    media = std::async(std::launch::async, [&] {
      ann.session->OnMedia(testing::Bytes({.ssrc = in, .payload_type = rtp::kOpusPayloadType}));
      bob.connection.Drain(*bob.session);
      ann.connection.Drain(*ann.session);
    });
    EXPECT_EQ(media.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  }
  media.get();
  EXPECT_EQ(bob.connection.packets.size(), 1u);
}

TEST_F(SessionWorkerTest, GraceEndsOnWhateverWorker) {
  Client& ann = JoinedOn(0, "ann");
  Client& bob = JoinedOn(2, "bob");
  bob.Publish("audio");
  bob.Hangup(false);
  AdvanceAlive(limits.resume_timeout);
  EXPECT_EQ(ann.Heard().back(), "user-left bob 1");
  EXPECT_EQ(counts[2].streams.value(), 0);
}

}  // namespace
}  // namespace ferry::gateway
