// Sessions without a connection: how long they are waited for, and who gives way when too many are.
#include <gtest/gtest.h>

#include <string>

#include "gateway/testing/session_fixture.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

class SessionGraceTest : public SessionTest {};

TEST_F(SessionGraceTest, TheOthersNoticeNothingWithinTheGrace) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  bob.Publish("audio");
  ann.Heard();
  bob.Hangup(false);
  AdvanceAlive(limits.resume_timeout - Duration::Millis(1));
  Connect().Resume(bob.token, 0);
  AdvanceAlive(limits.resume_timeout * 2);
  EXPECT_EQ(ann.Heard(), Texts{});
}

TEST_F(SessionGraceTest, AfterTheGraceTheOthersSeeTheLeave) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  bob.Publish("audio");
  ann.Heard();
  bob.Hangup(false);
  AdvanceAlive(limits.resume_timeout - Duration::Millis(1));
  EXPECT_EQ(ann.Heard(), Texts{});
  Advance(Duration::Millis(1));
  EXPECT_EQ(ann.Heard(), (Texts{"stream-removed bob s1", "user-left bob 1"}));
  Client& late = Connect();
  EXPECT_EQ(late.Resume(bob.token, 0)["code"], 20016);
  EXPECT_EQ(late.connection.closed_with, 4007);
}

TEST_F(SessionGraceTest, LeavingOrClosingEndsTheSessionAtOnce) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  Client& cid = Joined("cid");
  ann.Heard();
  bob.Ask({{"type", "leave"}});
  cid.Hangup(true);
  EXPECT_EQ(ann.Heard(), (Texts{"user-left bob 0", "user-left cid 0"}));
  EXPECT_EQ(Connect().Resume(bob.token, 0)["code"], 20016);
  EXPECT_EQ(Connect().Resume(cid.token, 0)["code"], 20016);
}

TEST_F(SessionGraceTest, ACleanCloseWithAnotherCodeIsNoLeave) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  ann.session->OnClosed({true, 4008, "moved"});
  bob.session->OnClosed({true, 0, "without a code"});
  EXPECT_EQ(Connect().Resume(ann.token, 0)["type"], "ok");
  EXPECT_EQ(Connect().Resume(bob.token, 0)["type"], "ok");
}

TEST_F(SessionGraceTest, APageThatIsClosedLeaves) {
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  ann.Heard();
  bob.session->OnClosed({true, 1001, "going away"});
  Settle();
  EXPECT_EQ(ann.Heard(), Texts{"user-left bob 0"});
  EXPECT_EQ(Connect().Resume(bob.token, 0)["code"], 20016);
}

TEST_F(SessionGraceTest, SilenceEndsTheConnectionButNotTheSession) {
  Client& ann = Joined("ann");
  Advance(limits.idle_timeout + Duration::Millis(1));
  EXPECT_EQ(ann.connection.closed_with, 4005);
  ann.Hangup(false);
  EXPECT_EQ(Connect().Resume(ann.token, 0)["type"], "ok");
}

TEST_F(SessionGraceTest, StreamsThatComeAndGoWhileSomebodyIsAwayEndNobody) {
  limits.log.max_messages = 10;
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  ann.Hangup(false);
  for (int i = 1; i <= 20; ++i) {
    bob.Ack(bob.LastNumber());
    bob.Publish("audio");
    bob.Ask({{"type", "unpublish"}, {"streamId", "s" + std::to_string(i)}});
  }
  EXPECT_EQ(bob.Heard(), Texts{});
  Client& again = Connect();
  EXPECT_EQ(again.Resume(ann.token, 0)["type"], "ok");
  EXPECT_EQ(again.Heard(), (Texts{"user-entered bob"}));
}

TEST_F(SessionGraceTest, WhoHasBeenAwayLongestGivesWayWhenTooManyAre) {
  limits.max_sessions_in_grace = 1;
  Client& ann = Joined("ann");
  Client& bob = Joined("bob");
  Client& cid = Joined("cid");
  ann.Hangup(false);
  Advance(Duration::Millis(1));
  bob.Hangup(false);
  EXPECT_EQ(cid.Heard().back(), "user-left ann 1");
  EXPECT_EQ(Total(&Metrics::grace_cut_full), 1);
  EXPECT_EQ(Total(&Metrics::sessions_in_grace), 1);
  EXPECT_EQ(Connect().Resume(ann.token, 0)["code"], 20016);
  EXPECT_EQ(Connect().Resume(bob.token, 0)["type"], "ok");
}

TEST_F(SessionGraceTest, NoAddressTakesThePlacesOfOthersInGrace) {
  limits.max_sessions_in_grace = 3;
  limits.max_sessions_in_grace_per_address = 2;
  const auto lose = [&](const std::string& user, int room, const std::string& address) -> Client& {
    Client& client = Connect(0, address);
    EXPECT_EQ(client.Join(user, {{"room", {{"kind", "number"}, {"id", room}}}})["type"], "ok");
    client.Hangup(false);
    Advance(Duration::Millis(1));
    return client;
  };
  Client& ann = lose("ann", 1, "192.0.2.1");
  Client& first = lose("thief1", 2, "2001:db8::1");
  for (int i = 2; i < 6; ++i) {
    lose("thief" + std::to_string(i), 2, "2001:db8::" + std::to_string(i));
  }
  EXPECT_EQ(Total(&Metrics::grace_cut_address), 3);
  EXPECT_EQ(Total(&Metrics::grace_cut_full), 0);
  EXPECT_EQ(Connect().Resume(first.token, 0)["code"], 20016);
  EXPECT_EQ(Connect().Resume(ann.token, 0)["type"], "ok");
}

TEST_F(SessionGraceTest, WhereNoneMayBeInGraceALostConnectionEndsItsSession) {
  limits.max_sessions_in_grace = 0;
  Client& ann = Joined("ann");
  ann.Hangup(false);
  EXPECT_EQ(Total(&Metrics::sessions), 0);
  EXPECT_EQ(Connect().Resume(ann.token, 0)["code"], 20016);
}

}  // namespace
}  // namespace ferry::gateway
