// Sessions and their rooms without a network, in virtual time.
#pragma once

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/app/app_store.h"
#include "gateway/auth/usersig.h"
#include "gateway/session/session.h"
#include "gateway/testing/fakes.h"

namespace ferry::gateway {

inline constexpr uint32_t kApp = 1'400'000'000;
inline constexpr const char* kSecret = "a secret of the tests";

class SessionTest : public ::testing::Test {
 protected:
  // A client: its connection and session.
  struct Client {
    explicit Client(SessionTest& owner)
        : test(owner), session(std::make_unique<Session>(owner.context, connection)) {}

    int Send(nlohmann::json message) {
      const int id = next_id++;
      message["id"] = id;
      session->OnControl(message.dump());
      connection.Drain(*session);
      return id;
    }
    // The answer to a request.
    nlohmann::json Ask(const nlohmann::json& message) {
      const int id = Send(message);
      for (const auto& answer : connection.messages) {
        if (answer.value("id", -1) == id) return answer;
      }
      return nullptr;
    }
    nlohmann::json Join(const std::string& user,
                        const nlohmann::json& more = nlohmann::json::object()) {
      nlohmann::json message = test.JoinMessage(user);
      message.update(more);
      return Ask(message);
    }
    nlohmann::json Publish(const char* kind, const char* source = "main") {
      const bool audio = std::string(kind) == "audio";
      return Ask({{"type", "publish"},
                  {"kind", kind},
                  {"source", source},
                  {"codec", audio ? "opus" : "vp8"},
                  {"muted", false}});
    }
    nlohmann::json Subscribe(const nlohmann::json& stream_id) {
      return Ask({{"type", "subscribe"}, {"streamId", stream_id}});
    }
    // Notifications since the last call, as compact text.
    std::vector<std::string> Heard() {
      connection.Drain(*session);
      std::vector<std::string> out;
      for (; heard < connection.messages.size(); ++heard) {
        const auto& message = connection.messages[heard];
        if (message.contains("id")) continue;
        std::string text = message["type"];
        for (const char* name : {"userId", "streamId", "reason", "code"}) {
          if (message.contains(name)) text += " " + Plain(message[name]);
        }
        if (message.contains("stream")) text += " " + Plain(message["stream"]["streamId"]);
        out.push_back(text);
      }
      return out;
    }
    static std::string Plain(const nlohmann::json& value) {
      return value.is_string() ? value.get<std::string>() : value.dump();
    }
    void Hangup(bool clean) {
      session->OnClosed({clean, 0, "test"});
      session.reset();
    }

    SessionTest& test;
    testing::FakeConnection connection;
    std::unique_ptr<Session> session;
    int next_id = 1;
    size_t heard = 0;
  };

  nlohmann::json JoinMessage(const std::string& user) {
    return {{"type", "join"},
            {"version", 1},
            {"sdkAppId", kApp},
            {"userId", user},
            {"userSig", SignUserSig(kApp, kSecret, user, clock.UnixMs() / 1000, 3600)},
            {"room", {{"kind", "number"}, {"id", 8888}}},
            {"scene", "rtc"},
            {"role", "anchor"}};
  }
  Client& Connect() { return *clients.emplace_back(std::make_unique<Client>(*this)); }
  Client& Joined(const std::string& user, const nlohmann::json& more = nlohmann::json::object()) {
    Client& client = Connect();
    EXPECT_EQ(client.Join(user, more)["type"], "ok");
    return client;
  }
  void Advance(Duration duration) {
    clock.Advance(duration);
    for (Session* session : sessions) session->Tick(clock.Now());
  }
  using Texts = std::vector<std::string>;

  testing::FakeClock clock;
  AppStore apps{{{kApp, "test", kSecret}}};
  SessionLimits limits;
  RoomRegistry::Limits room_limits{
      .max_users = 11, .room = {.max_rtc_users = 3, .max_live_users = 10, .max_publishers = 2}};
  RoomRegistry rooms{room_limits};
  Metrics metrics;
  SfuWorker sfu{0, metrics};
  std::ostringstream log_text;
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_text)};
  std::mt19937_64 random{1};
  std::set<Session*> sessions;
  bool draining = false;
  StreamKey next_stream = 1;
  SessionContext context{clock, apps,   limits,   rooms,    sfu,        metrics,
                         log,   random, sessions, draining, next_stream};
  std::vector<std::unique_ptr<Client>> clients;
};

}  // namespace ferry::gateway
