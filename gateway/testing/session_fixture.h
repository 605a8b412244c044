// Sessions and their rooms without a network or threads, in virtual time.
#pragma once

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/auth/usersig.h"
#include "gateway/session/control_plane.h"
#include "gateway/session/directory.h"
#include "gateway/session/session_worker.h"
#include "gateway/sfu/sfu_worker.h"
#include "gateway/testing/fakes.h"
#include "gateway/testing/media.h"

namespace ferry::gateway {

inline constexpr uint32_t kApp = 1'400'000'000;
inline constexpr const char* kSecret = "a secret of the tests";

// Answers as a gateway's that is alone does; while it `waits`, when it is told to.
class PatientDirectory final : public Directory {
 public:
  explicit PatientDirectory(uint32_t node) : local_(node) {}
  void AskToEnter(const RoomKey& room, const std::string& user_id, Answer answer) override {
    if (!waits) return local_.AskToEnter(room, user_id, std::move(answer));
    asked.push_back(std::move(answer));
  }
  void AskToResume(const ResumeTokenName& session, Answer answer) override {
    if (!waits) return local_.AskToResume(session, std::move(answer));
    asked.push_back(std::move(answer));
  }
  // All that was asked.
  void AnswerAll(const Verdict& verdict) {
    for (const Answer& answer : std::exchange(asked, {})) answer(verdict);
  }

  bool waits = false;
  std::vector<Answer> asked;

 private:
  LocalDirectory local_;
};

class SessionTest : public ::testing::Test {
 protected:
  // One of the workers, driven by hand.
  struct Worker {
    Worker(SessionTest& test, Sfu& all, unsigned index, Metrics& counts)
        : sfu(all.worker(index)), metrics(counts), sessions(index, test.context, sfu, metrics) {}
    SfuWorker& sfu;
    Metrics& metrics;
    SessionWorker sessions;
  };

  // A client: its connection and what serves it. It acknowledges nothing by itself.
  struct Client {
    Client(SessionTest& owner, unsigned worker, const std::string& address) : test(owner) {
      connection.remote = address;
      session = owner.worker(worker).sessions.MakeHandler(connection);
    }
    ~Client() {
      // Ends before its connection, whatever the test did.
      session.reset();
    }

    void SendText(const std::string& text) {
      session->OnControl(text);
      test.Settle();
      connection.Drain(*session);
    }
    int Send(nlohmann::json message) {
      const int id = next_id++;
      message["id"] = id;
      SendText(message.dump());
      return id;
    }
    // The answer to a request.
    nlohmann::json Ask(const nlohmann::json& message) { return AnswerTo(Send(message)); }
    nlohmann::json AnswerTo(int id) const {
      for (const auto& answer : connection.messages) {
        if (answer.value("id", -1) == id) return answer;
      }
      return nullptr;
    }
    nlohmann::json Join(const std::string& user,
                        const nlohmann::json& more = nlohmann::json::object()) {
      nlohmann::json message = test.JoinMessage(user);
      message.update(more);
      const nlohmann::json answer = Ask(message);
      if (answer.is_null()) return answer;
      token = answer.value("resumeToken", "");
      return answer;
    }
    // Goes on with the session of `token`, `ack` being the last message it has.
    nlohmann::json Resume(const std::string& with_token, uint64_t ack) {
      const nlohmann::json answer =
          Ask({{"type", "resume"}, {"version", 1}, {"token", with_token}, {"ack", ack}});
      if (answer.is_null()) return answer;
      token = answer.value("resumeToken", "");
      next_id = std::max(next_id, answer.value("lastId", 0) + 1);
      return answer;
    }
    void Ack(uint64_t seq) { SendText(nlohmann::json{{"type", "ack"}, {"seq", seq}}.dump()); }
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
    void SendMedia(const testing::TestPacket& packet) {
      session->OnMedia(testing::Bytes(packet));
      test.Settle();
    }
    // Notifications since the last call, as compact text.
    std::vector<std::string> Heard() {
      if (session) connection.Drain(*session);
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
    // The numbers of all messages that have one, in the order of arrival.
    std::vector<uint64_t> Numbers() {
      if (session) connection.Drain(*session);
      std::vector<uint64_t> numbers;
      for (const auto& message : connection.messages) {
        if (message.contains("seq")) numbers.push_back(message["seq"]);
      }
      return numbers;
    }
    uint64_t LastNumber() {
      const auto numbers = Numbers();
      return numbers.empty() ? 0 : numbers.back();
    }
    // The connection ends: closed by the client with 1000, or lost.
    void Hangup(bool clean) {
      const uint16_t code = clean ? 1000 : 0;
      session->OnClosed({clean, code, "test"});
      session.reset();
      test.Settle();
    }

    SessionTest& test;
    testing::FakeConnection connection;
    std::unique_ptr<net::ConnectionHandler> session;
    std::string token;
    int next_id = 1;
    size_t heard = 0;
  };

  // Small, so that they can be filled.
  static constexpr RoomRegistry::Limits kSmallRooms{
      .max_users = 11, .room = {.max_rtc_users = 3, .max_live_users = 10, .max_publishers = 2}};

  explicit SessionTest(size_t worker_count = 1,
                       const RoomRegistry::Limits& rooms_allowed = kSmallRooms,
                       const ConnectionLimits& connections_allowed = {})
      : room_limits(rooms_allowed), addresses(connections_allowed, clock) {
    for (size_t i = 0; i < worker_count; ++i) {
      control.AddWorker([] {});
      infos.push_back({&counts.emplace_back(), [this] {
                         if (on_run_requested) on_run_requested();
                       }});
    }
    sfu = std::make_unique<Sfu>(infos);
    for (unsigned i = 0; i < worker_count; ++i) {
      workers.push_back(std::make_unique<Worker>(*this, *sfu, i, counts[i]));
    }
  }

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
  Client& Connect(unsigned worker = 0, const std::string& address = "192.0.2.1") {
    return *clients.emplace_back(std::make_unique<Client>(*this, worker, address));
  }
  Client& Joined(const std::string& user, const nlohmann::json& more = nlohmann::json::object(),
                 unsigned worker = 0) {
    Client& client = Connect(worker);
    EXPECT_EQ(client.Join(user, more)["type"], "ok");
    return client;
  }
  Worker& worker(unsigned index) { return *workers.at(index); }
  // Lets every worker do what others asked of it, until none asks any more.
  void Settle() {
    // A session that moves takes three turns: here, there and here again.
    for (int turn = 0; turn < 4; ++turn) {
      for (const auto& worker : workers) {
        worker->sessions.TakeMail();
        worker->sfu.Run(clock.Now());
      }
    }
  }
  void Advance(Duration duration) {
    clock.Advance(duration);
    for (const auto& worker : workers) {
      worker->sessions.Tick(clock.Now());
      worker->sfu.Tick(clock.Now());
    }
    Settle();
  }
  // As Advance, with everybody who is connected saying that he is there.
  void AdvanceAlive(Duration duration) {
    for (Duration left = duration; left > Duration::Zero(); left = left - Duration::Millis(1000)) {
      for (const auto& client : clients) {
        if (client->session) client->Send({{"type", "ping"}, {"timeMs", 1}});
      }
      Advance(std::min(left, Duration::Millis(1000)));
    }
  }
  void BeginDrain() {
    control.BeginDrain();
    Settle();
  }
  // Of the control plane, over its shards.
  int64_t Total(Count Metrics::*count) const {
    int64_t total = 0;
    for (const Metrics* metrics : control.metrics()) total += (metrics->*count).value();
    return total;
  }
  // That of the room of JoinMessage.
  ControlShard& shard() { return control.ShardOf({kApp, RoomId(8888u)}); }
  using Texts = std::vector<std::string>;
  // 1, 2, … `last`.
  static std::vector<uint64_t> UpTo(uint64_t last) {
    std::vector<uint64_t> numbers(last);
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
  }

  testing::FakeClock clock;
  testing::FakeAppDirectory apps{kApp, kSecret};
  SessionLimits limits;
  const RoomRegistry::Limits room_limits;
  std::ostringstream log_text;
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_text)};
  PatientDirectory directory{limits.node};
  ControlPlane control{room_limits, limits, log, /*seed=*/1, &directory};
  const RoomRegistry& rooms = control.rooms();
  AddressLimits addresses;
  SessionContext context{clock, apps, control, log, addresses};
  std::deque<Metrics> counts;  // of each worker
  std::vector<Sfu::Worker> infos;
  std::function<void()> on_run_requested;  // a worker's media has something for another's
  std::unique_ptr<Sfu> sfu;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::unique_ptr<Client>> clients;
};

}  // namespace ferry::gateway
