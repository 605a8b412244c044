// Sessions that go on over another connection: docs/protocol.md §1.2.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/session/session_connection.h"
#include "gateway/testing/session_fixture.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

class SessionResumeTest : public SessionTest {};

TEST_F(SessionResumeTest, JoiningTellsHowToComeBack) {
  const json joined = Connect().Join("ann");
  EXPECT_EQ(joined["resumeTimeoutMs"], 90'000);
  EXPECT_GE(joined["resumeToken"].get<std::string>().size(), 32u);
  EXPECT_EQ(joined["transport"], "websocket");
  EXPECT_FALSE(joined.contains("seq"));
}

TEST_F(SessionResumeTest, EveryMessageAfterJoiningIsNumberedButAnswersToPing) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  bob.Publish("audio");
  EXPECT_EQ(ann.Subscribe("s1")["seq"], 3);
  EXPECT_FALSE(ann.Ask({{"type", "ping"}, {"timeMs", 1}}).contains("seq"));
  EXPECT_EQ(ann.Subscribe("s99")["seq"], 4) << "refusals too";
  ann.SendText("{]");
  EXPECT_EQ(ann.Numbers(), UpTo(5));
}

TEST_F(SessionResumeTest, BringsEveryUnacknowledgedMessageOnceAndInOrder) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  bob.Publish("audio");
  ann.Subscribe("s1");
  EXPECT_EQ(ann.Numbers(), UpTo(3));
  ann.Ack(2);
  ann.Hangup(false);
  bob.Publish("video");
  bob.Ask({{"type", "unpublish"}, {"streamId", "s1"}});
  Client& again = Connect();
  EXPECT_EQ(again.Resume(ann.token, 2)["type"], "ok");
  EXPECT_EQ(again.Numbers(), (std::vector<uint64_t>{3, 4, 5}));
  EXPECT_EQ(again.Heard(), (Texts{"stream-added bob s2", "stream-removed bob s1"}));
  EXPECT_EQ(again.connection.messages[1]["type"], "ok") << "the answer that may have been lost";
  bob.Publish("audio", "sub");
  EXPECT_EQ(again.Numbers(), (std::vector<uint64_t>{3, 4, 5, 6}));
}

TEST_F(SessionResumeTest, MessagesThatWereWrittenButNotAcknowledgedComeAgain) {
  Client& ann = Joined("ann");
  Joined("bob");
  EXPECT_EQ(ann.Numbers(), UpTo(1));
  ann.Hangup(false);
  Client& again = Connect();
  again.Resume(ann.token, 0);
  EXPECT_EQ(again.Heard(), (Texts{"user-entered bob"}));
}

TEST_F(SessionResumeTest, PublishedStreamsAndSubscriptionsSurvive) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  const uint32_t out = bob.Subscribe("s1")["ssrc"];
  ann.Hangup(false);
  bob.Hangup(false);
  Client& ann2 = Connect();
  Client& bob2 = Connect();
  ann2.Resume(ann.token, 0);
  bob2.Resume(bob.token, 0);
  ann2.SendMedia({.ssrc = in, .payload_type = rtp::kOpusPayloadType});
  bob2.connection.Drain(*bob2.session);
  ASSERT_EQ(bob2.connection.packets.size(), 1u);
  EXPECT_EQ(rtp::ParseRtp(bob2.connection.packets[0])->header.ssrc, out);
  EXPECT_EQ(Connect().Join("cid")["users"][0]["streams"][0]["streamId"], "s1");
}

TEST_F(SessionResumeTest, MediaForWhoHasNoConnectionIsNotKept) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  bob.Subscribe("s1");
  bob.Hangup(false);
  for (uint16_t i = 0; i < 500; ++i) {
    ann.SendMedia({.ssrc = in, .sequence = i, .payload_type = rtp::kOpusPayloadType});
  }
  EXPECT_EQ(worker(0).sessions.queued_bytes(), 0u);
}

TEST_F(SessionResumeTest, RequestsRepeatedAfterResumingAreHandledOnce) {
  Client& ann = Joined("ann");
  const json published = ann.Publish("audio");
  ann.Hangup(false);
  Client& again = Connect();
  again.next_id = 50;
  const json resumed = again.Resume(ann.token, 0);
  EXPECT_EQ(resumed["lastId"], 2) << "join and publish";
  const auto repeat = [&](int id) {
    json message = {{"type", "publish"}, {"id", id},        {"kind", "audio"},
                    {"source", "main"},  {"codec", "opus"}, {"muted", false}};
    again.SendText(message.dump());
  };
  repeat(2);
  EXPECT_EQ(again.AnswerTo(2)["streamId"], published["streamId"]) << "from the log";
  EXPECT_EQ(again.Numbers(), UpTo(1)) << "and not refused as published already";
  repeat(3);
  EXPECT_EQ(again.AnswerTo(3)["code"], 20008) << "a new request";
}

TEST_F(SessionResumeTest, PingsAndResumeTakeNoPartInTheOrderOfRequests) {
  Client& ann = Joined("ann");
  ann.Hangup(false);
  Client& again = Connect();
  again.next_id = 50;
  EXPECT_EQ(again.Ask({{"type", "ping"}, {"timeMs", 1}})["type"], "ok") << "before resume";
  again.Resume(ann.token, 0);
  again.Ask({{"type", "ping"}, {"timeMs", 1}});
  again.next_id = 2;
  EXPECT_EQ(again.Publish("audio")["type"], "ok");
}

TEST_F(SessionResumeTest, AConnectionThatStillLivesIsLeftBehind) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  const uint32_t in = ann.Publish("audio")["ssrc"];
  bob.Subscribe("s1");
  Client& again = Connect();
  EXPECT_EQ(again.Resume(bob.token, 0)["type"], "ok");
  EXPECT_EQ(bob.connection.closed_with, 4008);
  ann.SendMedia({.ssrc = in, .payload_type = rtp::kOpusPayloadType});
  bob.connection.Drain(*bob.session);
  again.connection.Drain(*again.session);
  EXPECT_TRUE(bob.connection.packets.empty());
  EXPECT_EQ(again.connection.packets.size(), 1u);
  // Its end, however it comes, takes nothing from the session.
  bob.Hangup(true);
  EXPECT_EQ(again.Publish("video")["type"], "ok");
  EXPECT_EQ(Total(&Metrics::sessions_moved), 1);
  EXPECT_EQ(ann.Heard(), (Texts{"user-entered bob", "stream-added bob s2"}));
}

TEST_F(SessionResumeTest, RequestsOfTheFormerConnectionAreNotHandledAfterTheMove) {
  Client& ann = Joined("ann");
  Client& again = Connect();
  again.Resume(ann.token, 0);
  ann.Send({{"type", "publish"},
            {"kind", "audio"},
            {"source", "main"},
            {"codec", "opus"},
            {"muted", false}});
  EXPECT_EQ(counts[0].streams.value(), 0);
}

TEST_F(SessionResumeTest, TheFormerTokenServesUntilTheClientIsKnownToHaveTheNext) {
  Client& ann = Joined("ann");
  Joined("bob");
  Client& second = Connect();
  ASSERT_EQ(second.Resume(ann.token, 0)["type"], "ok");
  // The answer was lost: the client knows but its first token.
  Client& third = Connect();
  ASSERT_EQ(third.Resume(ann.token, 0)["type"], "ok");
  EXPECT_EQ(Connect().Resume(second.token, 0)["code"], 20016) << "superseded by the third";
  third.Ack(1);
  EXPECT_EQ(Connect().Resume(ann.token, 1)["code"], 20016) << "used";
  EXPECT_EQ(third.connection.closed_with, 0) << "a replayed token harms nobody";
  EXPECT_EQ(Connect().Resume(third.token, 1)["type"], "ok");
}

TEST_F(SessionResumeTest, WhateverTheClientSaysNextShowsThatItHasTheNewToken) {
  const std::vector<json> said = {{{"type", "ping"}, {"timeMs", 1}},
                                  {{"type", "ping"}, {"timeMs", 1}, {"ack", 0}},
                                  {{"type", "unsubscribe"}, {"streamId", "s1"}},
                                  {{"type", "dance"}}};
  for (size_t i = 0; i < said.size(); ++i) {
    const json alone = {{"room", {{"kind", "number"}, {"id", 100 + i}}}};
    Client& ann = Joined("ann" + std::to_string(i), alone);
    Client& again = Connect();
    ASSERT_EQ(again.Resume(ann.token, 0)["type"], "ok") << "and nothing to acknowledge";
    again.Send(said[i]);
    EXPECT_EQ(Connect().Resume(ann.token, 0)["code"], 20016) << said[i];
    EXPECT_EQ(again.connection.closed_with, 0) << "a replayed token harms nobody";
    EXPECT_EQ(Connect().Resume(again.token, 0)["type"], "ok");
  }
}

TEST_F(SessionResumeTest, WhatIsSaidBeforeTheAnswerShowsNothing) {
  Client& ann = Joined("ann");
  Client& again = Connect();
  const json resume = {
      {"type", "resume"}, {"id", 7}, {"version", 1}, {"token", ann.token}, {"ack", 0}};
  again.session->OnControl(resume.dump());
  again.session->OnControl(R"({"type":"ping","id":8,"timeMs":1})");
  again.session->OnClosed({false, 0, "the answer is lost"});
  EXPECT_EQ(Connect().Resume(ann.token, 0)["type"], "ok");
}

TEST_F(SessionResumeTest, APingAcknowledgesToo) {
  Client& ann = Joined("ann");
  Joined("bob");
  Client& again = Connect();
  again.Resume(ann.token, 0);
  again.Send({{"type", "ping"}, {"timeMs", 1}, {"ack", 1}});
  again.Hangup(false);
  EXPECT_EQ(Connect().Resume(ann.token, 0)["code"], 20016);
  Client& third = Connect();
  third.Resume(again.token, 1);
  EXPECT_EQ(third.Numbers(), (std::vector<uint64_t>{}));
}

TEST_F(SessionResumeTest, ForgedTokensAreRefusedAndHarmNobody) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  std::string forged = ann.token;
  forged.back() = forged.back() == '0' ? '1' : '0';
  const std::string bare = ann.token.substr(0, ann.token.find('.'));
  for (const std::string& token :
       {forged, bare, bare + ".", std::string("."), std::string("x"), std::string(256, 'a'),
        bob.token.substr(0, bob.token.find('.')) + ann.token.substr(ann.token.find('.'))}) {
    Client& thief = Connect();
    EXPECT_EQ(thief.Resume(token, 0)["code"], 20016) << token;
    EXPECT_EQ(thief.connection.closed_with, 4007) << token;
  }
  EXPECT_EQ(counts[0].resumes_refused.value(), 7);
  EXPECT_EQ(ann.connection.closed_with, 0);
  EXPECT_EQ(ann.Publish("audio")["type"], "ok");
  EXPECT_EQ(ann.Heard(), (Texts{"user-entered bob"}));
}

TEST_F(SessionResumeTest, AnAckBeyondWhatWasSentIsRefused) {
  Client& ann = Joined("ann");
  ann.Ack(1);
  EXPECT_EQ(ann.Heard(), (Texts{"error 20001"}));
  Client& again = Connect();
  EXPECT_EQ(again.Resume(ann.token, 99)["code"], 20016);
  EXPECT_EQ(ann.connection.closed_with, 0);
}

TEST_F(SessionResumeTest, ResumingInARoomIsRefused) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  EXPECT_EQ(bob.Ask({{"type", "resume"}, {"version", 1}, {"token", ann.token}, {"ack", 0}})["code"],
            20004);
  EXPECT_EQ(ann.connection.closed_with, 0);
  EXPECT_EQ(bob.connection.closed_with, 0);
}

TEST_F(SessionResumeTest, WhoWasReplacedWhileItSleptIsToldSoAndStaysOut) {
  Client& laptop = Joined("ann");
  Client& bob = Joined("bob");
  Advance(limits.idle_timeout + Duration::Millis(1));
  EXPECT_EQ(laptop.connection.closed_with, 4005);
  laptop.Hangup(false);
  bob.Hangup(false);
  Client& phone = Joined("ann");
  // Within the time a session is waited for, long after it, and however often.
  for (const Duration slept : {Duration::Seconds(1), limits.resume_timeout * 2}) {
    AdvanceAlive(slept);
    Client& again = Connect();
    EXPECT_EQ(again.Resume(laptop.token, 0)["code"], 20019);
    EXPECT_EQ(again.connection.closed_with, 4001);
  }
  EXPECT_EQ(phone.connection.closed_with, 0);
  EXPECT_EQ(phone.Publish("audio")["type"], "ok");
  std::string forged = laptop.token;
  forged.back() = forged.back() == '0' ? '1' : '0';
  EXPECT_EQ(Connect().Resume(forged, 0)["code"], 20016) << "nobody else learns of it";
  EXPECT_EQ(Connect().Resume(bob.token, 0)["code"], 20016) << "whose time is up was not replaced";
}

TEST_F(SessionResumeTest, WhoEnteredElsewhereWhenItsTimeWasUpIsToldSoToo) {
  Client& laptop = Joined("ann");
  laptop.Hangup(false);
  Advance(limits.resume_timeout);
  EXPECT_EQ(rooms.user_count(), 0u);
  Client& phone = Joined("ann", {{"room", {{"kind", "number"}, {"id", 1}}}});
  EXPECT_EQ(Connect().Resume(laptop.token, 0)["code"], 20019);
  EXPECT_EQ(phone.connection.closed_with, 0);
  phone.Hangup(true);
  EXPECT_EQ(Connect().Resume(laptop.token, 0)["code"], 20016)
      << "nobody is put out by entering anew";
}

TEST_F(SessionResumeTest, WhoWasReplacedAfterResumingIsToldSoByEitherToken) {
  Client& ann = Joined("ann");
  Client& again = Connect();
  ASSERT_EQ(again.Resume(ann.token, 0)["type"], "ok");
  Joined("ann");
  EXPECT_EQ(Connect().Resume(ann.token, 0)["code"], 20019) << "the answer may have been lost";
  EXPECT_EQ(Connect().Resume(again.token, 0)["code"], 20019);
}

TEST_F(SessionResumeTest, ATokenOfAnotherNodeIsRefusedByName) {
  Client& ann = Joined("ann");
  ann.Hangup(false);
  const std::string other = "77" + ann.token.substr(ann.token.find('-'));
  const json refused = Connect().Resume(other, 0);
  EXPECT_EQ(refused["code"], 20016);
  EXPECT_NE(refused["message"].get<std::string>().find("node 77"), std::string::npos);
  EXPECT_EQ(Connect().Resume(ann.token, 0)["type"], "ok");
}

TEST_F(SessionResumeTest, WhatAClientMaySayIsNotMoreForResuming) {
  Client* ann = &Joined("ann");
  int answered = 0;
  for (int i = 0; i < 5 && ann->connection.closed_with == 0; ++i) {
    for (int j = 0; j < limits.message_burst / 2; ++j) {
      answered += ann->Ask({{"type", "ping"}, {"timeMs", 1}}).is_null() ? 0 : 1;
    }
    if (ann->connection.closed_with != 0) break;
    Client& again = Connect();
    ASSERT_EQ(again.Resume(ann->token, 0)["type"], "ok");
    ann = &again;
  }
  EXPECT_LE(answered, limits.message_burst);
  EXPECT_EQ(ann->connection.closed_with, 4003);
}

TEST_F(SessionResumeTest, WhatAClientMaySayIsNotMoreForEnteringAgain) {
  Client& ann = Joined("ann");
  for (int i = 0; i < limits.message_burst - 2; ++i) ann.Send({{"type", "ping"}, {"timeMs", 1}});
  Client& again = Joined("ann");
  EXPECT_EQ(again.Ask({{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
  again.Send({{"type", "ping"}, {"timeMs", 1}});
  EXPECT_EQ(again.Heard(), (Texts{"error 20009"}));
}

TEST_F(SessionResumeTest, WhatAUserMaySayIsNotMoreForLeavingAndJoining) {
  limits.max_messages_per_second = 1;
  Client* ann = &Joined("ann");
  int said = 0;
  for (int stay = 0; stay < 5; ++stay) {
    while (ann->Ask({{"type", "ping"}, {"timeMs", 1}})["type"] == "ok") ++said;
    ann->Hangup(true);
    ASSERT_EQ(rooms.user_count(), 0u);
    ann = &Joined("ann", {{"room", {{"kind", "number"}, {"id", 1 + stay}}}});
  }
  EXPECT_LE(said, limits.message_burst);
  Advance(Duration::Millis(10'000));
  EXPECT_EQ(ann->Ask({{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
  EXPECT_EQ(Joined("bob").Ask({{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
}

TEST_F(SessionResumeTest, FaultsAreNotForgivenForResuming) {
  Client* ann = &Joined("ann");
  int faults = 0;
  for (; faults < 10 * limits.max_faults; ++faults) {
    ann->SendText("{]");
    if (ann->connection.closed_with != 0) break;
    Client& again = Connect();
    ASSERT_EQ(again.Resume(ann->token, 0)["type"], "ok");
    ann = &again;
  }
  EXPECT_EQ(faults, limits.max_faults);
  EXPECT_EQ(ann->connection.closed_with, 4003);
}

TEST_F(SessionResumeTest, WhoMisbehavesCannotComeBack) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  for (int i = 0; i <= limits.max_faults; ++i) ann.SendText("{]");
  EXPECT_EQ(ann.connection.closed_with, 4003);
  EXPECT_EQ(bob.Heard(), (Texts{"user-left ann 2"}));
  EXPECT_EQ(Connect().Resume(ann.token, 0)["code"], 20016);
}

TEST_F(SessionResumeTest, NoTokenAndNoUserSigIsLogged) {
  log.set_level(spdlog::level::trace);
  Client& ann = Joined("ann");
  const std::string sig = JoinMessage("ann")["userSig"];
  Joined("bob");
  Client& again = Connect();
  again.Resume(ann.token, 0);
  again.Ack(again.LastNumber());
  Connect().Resume(ann.token, 0);
  EXPECT_NE(log_text.str().find("event=resume-refused"), std::string::npos);
  for (const std::string& secret : {ann.token, again.token, sig}) {
    EXPECT_EQ(log_text.str().find(secret.substr(secret.size() - 16)), std::string::npos);
  }
}

}  // namespace
}  // namespace ferry::gateway
