// Sessions that wait for a directory: gateway/session/directory.h.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "gateway/session/session_connection.h"
#include "gateway/testing/session_fixture.h"

namespace ferry::gateway {
namespace {

// A directory that takes its time.
class DirectoryTest : public SessionTest {
 protected:
  static Directory::Verdict Elsewhere() {
    return std::unexpected(Refusal{std::nullopt, 20'006, "the room is elsewhere"});
  }
};

TEST_F(DirectoryTest, WhoJoinsWaitsForItAndWhatHeSaysMeanwhileFollows) {
  Client& ann = Connect();
  directory.waits = true;
  EXPECT_TRUE(ann.Join("ann").is_null());
  const int publish = ann.Send({{"type", "publish"},
                                {"kind", "audio"},
                                {"source", "main"},
                                {"codec", "opus"},
                                {"muted", false}});
  EXPECT_EQ(rooms.user_count(), 0u);
  directory.AnswerAll({});
  Settle();
  ann.connection.Drain(*ann.session);
  EXPECT_EQ(ann.AnswerTo(1)["type"], "ok");
  EXPECT_EQ(ann.AnswerTo(publish)["type"], "ok");
  EXPECT_EQ(ann.connection.messages[0]["id"], 1) << "in their order";
}

TEST_F(DirectoryTest, WhoResumesWaitsForIt) {
  Client& ann = Joined("ann");
  ann.Hangup(false);
  directory.waits = true;
  Client& again = Connect();
  EXPECT_TRUE(again.Resume(ann.token, 0).is_null());
  directory.AnswerAll({});
  Settle();
  again.connection.Drain(*again.session);
  EXPECT_EQ(again.AnswerTo(1)["type"], "ok");
  EXPECT_EQ(again.Publish("audio")["type"], "ok");
}

TEST_F(DirectoryTest, RefusesInItsOwnWords) {
  directory.waits = true;
  Client& ann = Connect();
  ann.Join("ann");
  directory.AnswerAll(Elsewhere());
  Settle();
  ann.connection.Drain(*ann.session);
  EXPECT_EQ(ann.AnswerTo(1)["message"], "the room is elsewhere");
  EXPECT_EQ(ann.connection.closed_with, 4006);
}

TEST_F(DirectoryTest, AnApplicationMayBeSuspendedMeanwhile) {
  directory.waits = true;
  Client& ann = Connect();
  ann.Join("ann");
  apps.policy.status = ApplicationStatus::kSuspended;
  directory.AnswerAll({});
  Settle();
  ann.connection.Drain(*ann.session);
  EXPECT_EQ(ann.AnswerTo(1)["code"], -100'013);
}

TEST_F(DirectoryTest, ASecondAnswerIsNone) {
  directory.waits = true;
  Client& ann = Connect();
  ann.Join("ann");
  const Directory::Answer answer = directory.asked.at(0);
  answer({});
  answer({});
  Settle();
  EXPECT_EQ(Total(&Metrics::sessions), 1);
  EXPECT_EQ(Total(&Metrics::kicks), 0) << "nobody entered again";
}

TEST_F(DirectoryTest, WhoIsGoneBeforeItAnswersDoesNotEnter) {
  directory.waits = true;
  Client& ann = Connect();
  ann.Join("ann");
  ann.Hangup(false);
  Client& bob = Connect();
  bob.Join("bob");
  bob.session->OnClosed({false, 0, "lost"});
  directory.AnswerAll({});
  Settle();
  EXPECT_EQ(rooms.user_count(), 0u);
  EXPECT_EQ(Total(&Metrics::sessions), 0);
}

TEST_F(DirectoryTest, IsNotWaitedForLongerThanAClientHasToJoin) {
  directory.waits = true;
  Client& ann = Connect();
  ann.Join("ann");
  Advance(limits.join_timeout + SessionWorker::kDeadlineInterval);
  EXPECT_EQ(ann.connection.closed_with, 4002);
  directory.AnswerAll({});
  Settle();
  EXPECT_EQ(rooms.user_count(), 0u);
}

TEST_F(DirectoryTest, WhoSaysTooMuchMeanwhileIsClosed) {
  directory.waits = true;
  Client& ann = Connect();
  ann.Join("ann");
  for (size_t i = 0; i <= SessionConnection::kMaxEarlyMessages; ++i) {
    ann.Send({{"type", "ping"}, {"timeMs", 1}});
  }
  EXPECT_EQ(ann.connection.closed_with, 4003);
}

// Counts what is let go of.
class LeasingDirectoryTest : public DirectoryTest {
 protected:
  // What was granted is let go of once, and not before `ends`.
  template <typename Ends>
  void ReleasesOnceBy(Ends ends) {
    directory.waits = true;
    Client& ann = Connect();
    ann.Join("ann");
    int released = 0;
    const auto held = [&] {
      return Directory::Lease(&released, [](const int* count) { ++*const_cast<int*>(count); });
    };
    directory.AnswerAll(held());
    Settle();
    ann.connection.Drain(*ann.session);
    ann.token = ann.AnswerTo(1)["resumeToken"];
    directory.waits = false;
    EXPECT_EQ(released, 0);
    ends(ann);
    Settle();
    EXPECT_EQ(released, 1);
    EXPECT_EQ(rooms.user_count(), 0u);
  }
};

TEST_F(LeasingDirectoryTest, IsToldWhenASessionLeaves) {
  ReleasesOnceBy([](Client& ann) { ann.Send({{"type", "leave"}}); });
}

TEST_F(LeasingDirectoryTest, IsToldWhenAPageIsClosed) {
  ReleasesOnceBy([](Client& ann) { ann.Hangup(true); });
}

TEST_F(LeasingDirectoryTest, IsToldWhenASessionIsNotResumedInTime) {
  ReleasesOnceBy([this](Client& ann) {
    ann.Hangup(false);
    Client& again = Connect();
    again.Resume(ann.token, 0);
    again.Hangup(false);
    Advance(limits.resume_timeout);
  });
}

TEST_F(LeasingDirectoryTest, IsToldWhenTheUserEntersAgain) {
  ReleasesOnceBy([this](Client&) {
    Client& again = Joined("ann");
    again.Send({{"type", "leave"}});
  });
}

TEST_F(LeasingDirectoryTest, IsToldWhenAnEntranceComesToNothing) {
  for (const char* user : {"a", "b", "c"}) Joined(user);
  directory.waits = true;
  int released = 0;
  const auto lease = [&] {
    return Directory::Lease(&released, [](const int* count) { ++*const_cast<int*>(count); });
  };
  Client& late = Connect();
  late.Join("d");
  directory.AnswerAll(lease());
  Settle();
  late.connection.Drain(*late.session);
  EXPECT_EQ(late.AnswerTo(1)["code"], 20005);
  EXPECT_EQ(released, 1) << "the room is full";
  Client& gone = Connect();
  gone.Join("e");
  gone.Hangup(false);
  directory.AnswerAll(lease());
  Settle();
  EXPECT_EQ(released, 2) << "nobody is there any more";
}

TEST_F(DirectoryTest, MayAnswerFromAnotherThread) {
  directory.waits = true;
  Client& ann = Connect();
  ann.Join("ann");
  std::thread([this] { directory.AnswerAll({}); }).join();
  EXPECT_EQ(rooms.user_count(), 0u) << "until the connection's own thread looks";
  Settle();
  ann.connection.Drain(*ann.session);
  EXPECT_EQ(ann.AnswerTo(1)["type"], "ok");
}

}  // namespace
}  // namespace ferry::gateway
