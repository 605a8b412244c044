// Several workers on threads of their own, with clients of both kinds: what ThreadSanitizer
// watches.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/app/gateway.h"
#include "gateway/testing/gateway_fixture.h"
#include "gateway/testing/media.h"

namespace ferry::gateway {
namespace {

using net::TransportKind;
using nlohmann::json;

// The kernel chooses the worker of a connection: with twelve, each of three has some.
constexpr size_t kUsers = 12;

class GatewayWorkersTest : public GatewayTest {
 protected:
  struct User {
    Client client;
    std::string token;
    json audio;
    std::string hears;  // the stream it is subscribed to
    uint16_t sequence = 0;
  };

  void SetUp() override {
    GatewayTest::SetUp();
    config.workers = 3;
    config.sfu.loudest_speakers = 0;
    config.sessions.idle_timeout = Duration::Seconds(120);  // they say nothing while others enter
  }
  // WebTransport where it is built in.
  static TransportKind Other(size_t i) {
    return i % 2 == 0 && WebTransportService::Available() ? TransportKind::kWebTransport
                                                          : TransportKind::kWebSocket;
  }
  // Everybody publishes sound and hears the one before.
  void Enter() {
    for (size_t i = 0; i < kUsers; ++i) {
      User user{.client = Connect({.transport = Other(i)})};
      const json joined = Ask(user.client, JoinMessage("user" + std::to_string(i)));
      ASSERT_EQ(joined["type"], "ok");
      user.token = joined["resumeToken"];
      user.audio = Publish(user.client, "audio");
      ASSERT_EQ(user.audio["type"], "ok");
      if (i > 0) Subscribe(user, users.back());
      users.push_back(std::move(user));
    }
    Subscribe(users.front(), users.back());
  }
  void Subscribe(User& user, const User& whom) {
    user.hears = whom.audio["streamId"];
    EXPECT_EQ(Ask(user.client, {{"type", "subscribe"}, {"streamId", user.hears}})["type"], "ok");
  }
  void Speak(User& user, int packets) {
    for (int i = 0; i < packets; ++i) {
      const uint16_t sequence = user.sequence++;
      user.client->SendBinary(testing::Bytes({.ssrc = user.audio["ssrc"],
                                              .sequence = sequence,
                                              .timestamp = 960u * sequence,
                                              .payload_type = rtp::kOpusPayloadType}));
    }
  }
  // What everybody says arrives at everybody's listener.
  void ExpectSound() {
    for (User& user : users) user.client->packets.clear();
    for (User& user : users) {
      EXPECT_TRUE(Until([&] {
        Speak(users[&user == &users.front() ? kUsers - 1 : &user - &users.front() - 1], 1);
        const int id = next_id++;
        user.client->Send({{"type", "ping"}, {"id", id}, {"timeMs", 1}});
        EXPECT_TRUE(Until([&] { return user.client->Has({{"id", id}}) || user.client->closed; }));
        return HasMedia(user) || user.client->closed;
      }));
    }
  }
  static bool HasMedia(const User& user) {
    for (const auto& packet : user.client->packets) {
      if (rtp::ParseRtp(packet)) return true;
    }
    return false;
  }
  void Resume(User& user, TransportKind transport) {
    const Client former = user.client;
    user.client = Connect({.transport = transport});
    const json resumed =
        Ask(user.client, {{"type", "resume"}, {"version", 1}, {"token", user.token}, {"ack", 0}});
    ASSERT_EQ(resumed["type"], "ok");
    EXPECT_TRUE(Until([&] { return former->closed; }));
    user.token = resumed["resumeToken"];
  }

  std::vector<User> users;
};

TEST_F(GatewayWorkersTest, ShareRoomsAndSessionsOfBothTransports) {
  Start();
  Enter();
  ExpectSound();
  // Each moves to the other transport, while all go on talking.
  for (size_t i = 0; i < kUsers; ++i) {
    for (User& user : users) Speak(user, 2);
    if (i % 3 == 0) users[i].client->Abort();  // its connection is lost before
    Resume(users[i], Other(i + 1));
    EXPECT_EQ(Publish(users[i].client, "video")["type"], "ok");
  }
  EXPECT_EQ(gateway->Total(&Metrics::participants), kUsers);
  EXPECT_EQ(gateway->Total(&Metrics::streams), 2 * kUsers);
  EXPECT_NE(MetricsText(), "");
  ExpectSound();
  // One half leaves, one by one; the other half is there when the gateway ends.
  for (size_t i = 0; i < kUsers / 2; ++i) {
    for (User& user : users) Speak(user, 1);
    if (i % 2 == 0) {
      EXPECT_EQ(Ask(users[i].client, {{"type", "leave"}})["type"], "ok");
    } else {
      users[i].client->Close();
    }
  }
  EXPECT_TRUE(Until([&] { return gateway->Total(&Metrics::sessions) == kUsers / 2; }));
  Shutdown();
  for (const User& user : users) EXPECT_TRUE(user.client->closed);
}

TEST_F(GatewayWorkersTest, EndWithSessionsInGraceAndConnectionsStillOpen) {
  Start();
  Enter();
  // Of the WebSockets, whose end the gateway sees.
  users[1].client->Abort();
  users[3].client->Abort();
  EXPECT_TRUE(Until([&] { return gateway->Total(&Metrics::sessions_in_grace) == 2; }));
  for (User& user : users) Speak(user, 10);
  // As the program does when connections outlive even their abort.
  io.DropPending();
  gateway.reset();
}

}  // namespace
}  // namespace ferry::gateway
