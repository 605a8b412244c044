// The whole gateway over real sockets: clients and server in one thread and one event loop.
#include "gateway/app/gateway.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "gateway/auth/usersig.h"
#include "gateway/net/certificate.h"
#include "gateway/testing/http_get.h"
#include "gateway/testing/media.h"
#include "gateway/testing/test_client.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;
using testing::TestClient;

constexpr uint32_t kApp = 1'400'000'000;
constexpr const char* kSecret = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
// Generous: sanitizers on a busy machine are slow, and nothing waits this long unless it is broken.
constexpr auto kDeadline = std::chrono::seconds(20);

int64_t UnixSeconds() { return SystemClock().UnixMs() / 1000; }

class GatewayTest : public ::testing::Test {
 protected:
  using Client = std::shared_ptr<TestClient>;

  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "ferry-gateway-test-XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory = name;
    config.listen = "127.0.0.1";
    config.port = 0;
    config.data_dir = directory / "data";
    config.demo_dir = directory / "demo";
    config.sdk_dir = directory / "sdk";
    std::filesystem::create_directories(config.data_dir);
    Write("demo/index.html", "<p>demo</p>");
    Write("sdk/trtc.wasm", "wasm");
    Write("outside.txt", "outside");
  }
  void TearDown() override {
    for (const auto& client : clients) client->Abort();
    if (gateway) {
      Shutdown();
      // What was cut off ends before the gateway does.
      EXPECT_TRUE(Until([&] { return gateway->metrics().connections.value() == 0; }));
      io.poll();
    }
    gateway.reset();
    std::filesystem::remove_all(directory);
  }
  void Write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories((directory / name).parent_path());
    std::ofstream(directory / name) << content;
  }

  void Start(std::vector<Application> more = {}) {
    auto log = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_text));
    log->set_level(spdlog::level::trace);
    more.push_back({kApp, "test", kSecret});
    gateway = std::make_unique<Gateway>(io, config, AppStore(std::move(more)), log);
    const auto started = gateway->Start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void Shutdown() {
    gateway->Shutdown([this] { stopped = true; });
    EXPECT_TRUE(Until([&] { return stopped; }));
  }
  // Runs the loop until the condition holds; false at the deadline.
  bool Until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
  }

  Client Connect(TestClient::Options options = {}) {
    auto client = clients.emplace_back(std::make_shared<TestClient>(io, gateway->port(), options));
    client->Start();
    EXPECT_TRUE(Until([&] { return client->open || client->failed; }));
    return client;
  }
  static json JoinMessage(const std::string& user) {
    return {{"type", "join"},
            {"id", 1},
            {"version", 1},
            {"sdkAppId", kApp},
            {"userId", user},
            {"userSig", SignUserSig(kApp, kSecret, user, UnixSeconds(), 3600)},
            {"room", {{"kind", "string"}, {"id", "den"}}},
            {"scene", "rtc"},
            {"role", "anchor"}};
  }
  // Sends a request and waits for its answer.
  json Ask(const Client& client, json message) {
    const int id = next_id++;
    message["id"] = id;
    client->Send(message);
    EXPECT_TRUE(Until([&] { return client->Has({{"id", id}}) || client->closed; })) << message;
    return client->Find({{"id", id}});
  }
  Client Joined(const std::string& user, TestClient::Options options = {}) {
    const Client client = Connect(options);
    if (options.read) {
      EXPECT_EQ(Ask(client, JoinMessage(user))["type"], "ok");
    } else {
      client->Send(JoinMessage(user));
    }
    return client;
  }
  json Publish(const Client& client, const std::string& kind) {
    return Ask(client, {{"type", "publish"},
                        {"kind", kind},
                        {"source", "main"},
                        {"codec", kind == "audio" ? "opus" : "vp8"},
                        {"muted", false}});
  }
  ::testing::AssertionResult ClosesWith(const Client& client, int code) {
    if (!Until([&] { return client->closed; }))
      return ::testing::AssertionFailure() << "stays open";
    if (client->close_code == code) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "closed with " << client->close_code;
  }

  testing::HttpReply Get(const std::string& target, std::map<std::string, std::string> headers = {},
                         const std::string& method = "GET") {
    testing::HttpReply reply;
    testing::HttpGet(io, gateway->port(), target, std::move(headers), reply, method);
    EXPECT_TRUE(Until([&] { return reply.done; }));
    return reply;
  }

  asio::io_context io{1};
  Config config;
  std::filesystem::path directory;
  std::ostringstream log_text;
  std::unique_ptr<Gateway> gateway;
  std::vector<Client> clients;
  bool stopped = false;
  int next_id = 100;
};

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

TEST_F(GatewayTest, AConnectionThatBreaksIsATimeoutToTheOthers) {
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
}

TEST_F(GatewayTest, OversizedFramesEndTheConnection) {
  Start();
  const Client text = Joined("text");
  text->SendText(std::string(65'537, ' '));
  EXPECT_TRUE(ClosesWith(text, 1009));
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
  ASSERT_TRUE(Until([&] { return gateway->metrics().subscriptions.value() == 2; }));

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
    Until([&] { return gateway->metrics().packets_in.value() >= static_cast<int64_t>(sent); });
    most_queued = std::max(most_queued, gateway->queued_bytes());
    return gateway->metrics().slow_readers.value() == 1;
  });
  EXPECT_TRUE(cut_off);
  EXPECT_LT(most_queued, 2 * 200'000u + 10'000u) << "the bound of two subscribers";
  EXPECT_TRUE(Until([&] { return good->Has({{"type", "user-left"}, {"userId", "slow"}}); }));
  EXPECT_GT(gateway->metrics().dropped[static_cast<size_t>(DropReason::kQueueVideo)].value(), 0);
  EXPECT_GT(good->packets.size(), 100u);
  EXPECT_FALSE(good->closed);
  EXPECT_FALSE(ann->closed);
}

TEST_F(GatewayTest, ShuttingDownTellsClientsAndEnds) {
  Start();
  const Client ann = Joined("ann");
  const Client silent = Joined("silent", {.read = false});
  ASSERT_TRUE(Until([&] { return gateway->metrics().participants.value() == 2; }));
  Shutdown();
  EXPECT_TRUE(ClosesWith(ann, 1001));
  EXPECT_TRUE(ann->Has({{"type", "closing"}}));
  EXPECT_TRUE(Connect()->failed) << "nobody is let in any more";
}

TEST_F(GatewayTest, ShuttingDownCutsOffWhoIsLeftAtTheDeadline) {
  config.shutdown_timeout_ms = 0;
  Start();
  Joined("ann", {.read = false});
  ASSERT_TRUE(Until([&] { return gateway->metrics().participants.value() == 1; }));
  Shutdown();
  EXPECT_EQ(gateway->metrics().connections.value(), 0);
}

TEST_F(GatewayTest, TheGatewayIsFullAtItsLimit) {
  config.listener.max_connections = 1;
  Start();
  const Client ann = Joined("ann");
  EXPECT_TRUE(Connect()->failed);
  ann->Abort();
  ASSERT_TRUE(Until([&] { return gateway->metrics().connections.value() == 0; }));
  EXPECT_TRUE(Connect()->open);
}

TEST_F(GatewayTest, OnlyItsPathAndProtocolUpgrade) {
  Start();
  EXPECT_EQ(Connect({.path = "/other"})->http_status, 404u);
  EXPECT_EQ(Connect({.protocol = "chat"})->http_status, 426u);
  EXPECT_EQ(Connect({.protocol = ""})->http_status, 426u);
  EXPECT_TRUE(Connect({.protocol = "chat, ferry.v1"})->open);
}

TEST_F(GatewayTest, ServesFilesWithTheirTypeAndSecurityHeaders) {
  Start();
  auto page = Get("/");
  EXPECT_EQ(page.status, 200u);
  EXPECT_EQ(page.body, "<p>demo</p>");
  EXPECT_EQ(page.headers["content-type"], "text/html; charset=utf-8");
  EXPECT_NE(page.headers["content-security-policy"].find("script-src 'self' 'wasm-unsafe-eval';"),
            std::string::npos);
  auto wasm = Get("/sdk/trtc.wasm?v=1");
  EXPECT_EQ(wasm.body, "wasm");
  EXPECT_EQ(wasm.headers["content-type"], "application/wasm");
  EXPECT_EQ(wasm.headers["access-control-allow-origin"], "*");
  auto head = Get("/", {}, "HEAD");
  EXPECT_EQ(head.status, 200u);
  EXPECT_EQ(head.headers["content-length"], "11");
}

TEST_F(GatewayTest, AnswersUnchangedFilesWithoutTheirBody) {
  Start();
  const std::string etag = Get("/").headers["etag"];
  EXPECT_EQ(Get("/", {{"If-None-Match", etag}}).status, 304u);
  Write("demo/index.html", "<p>changed</p>");
  EXPECT_EQ(Get("/", {{"If-None-Match", etag}}).body, "<p>changed</p>");
}

TEST_F(GatewayTest, ServesWhatWasCompressedBeforeToWhomTakesIt) {
  Write("sdk/trtc.wasm.gz", "zipped");
  Start();
  auto zipped = Get("/sdk/trtc.wasm", {{"Accept-Encoding", "br, gzip"}});
  EXPECT_EQ(zipped.body, "zipped");
  EXPECT_EQ(zipped.headers["content-encoding"], "gzip");
  EXPECT_EQ(zipped.headers["content-type"], "application/wasm");
  EXPECT_EQ(Get("/sdk/trtc.wasm").body, "wasm");
}

TEST_F(GatewayTest, ServesNothingOutsideItsFolders) {
  Write("demo/.hidden", "hidden");
  std::filesystem::create_symlink(directory / "outside.txt", directory / "demo" / "link.txt");
  Start();
  for (const char* target :
       {"/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/sdk/../../outside.txt",
        "/sdk/%2e%2e/outside.txt", "/.hidden", "/link.txt", "//etc/passwd", "/index.html%00.txt",
        "/index.html/", "/%zz", "/demo\\..\\outside.txt", "/missing"}) {
    EXPECT_EQ(Get(target).status, 404u) << target;
  }
}

TEST_F(GatewayTest, TellsHealthReadinessAndMetrics) {
  Start();
  EXPECT_EQ(Get("/healthz").status, 200u);
  EXPECT_EQ(Get("/readyz").status, 200u);
  const Client ann = Joined("ann");
  const std::string metrics = Get("/metrics").body;
  for (const char* line : {"ferry_participants 1\n", "ferry_rooms 1\n", "ferry_joins_total 1\n",
                           "ferry_packets_dropped_total{reason=\"rate\"} 0\n"}) {
    EXPECT_NE(metrics.find(line), std::string::npos) << line << metrics;
  }
  EXPECT_EQ(Get("/healthz", {}, "POST").status, 405u);
}

TEST_F(GatewayTest, SignsForTheDemoOnlyWhenAsked) {
  Start();
  EXPECT_EQ(Get("/demo/usersig?userId=ann").status, 404u);
}

TEST_F(GatewayTest, TheDemosUserSigLetsIn) {
  config.demo = true;
  Start({{AppStore::kDemoSdkAppId, "demo", "the demo's secret"}});
  const json signed_user = json::parse(Get("/demo/usersig?userId=J%C3%BCrgen%20B").body);
  EXPECT_EQ(signed_user["sdkAppId"], AppStore::kDemoSdkAppId);
  json join = JoinMessage("Jürgen B");
  join["sdkAppId"] = AppStore::kDemoSdkAppId;
  join["userSig"] = signed_user["userSig"];
  EXPECT_EQ(Ask(Connect(), join)["type"], "ok");
  EXPECT_EQ(Get("/demo/usersig").status, 400u);
  EXPECT_EQ(Get("/demo/usersig?userId=a%0Ab").status, 400u);
}

TEST_F(GatewayTest, WithoutADemoApplicationNothingIsSignedForAnother) {
  config.demo = true;
  Start();
  EXPECT_EQ(Get("/demo/usersig?userId=ann").status, 503u);
}

TEST_F(GatewayTest, KeepsItsCertificate) {
  Start();
  const auto first = CertificateFingerprint(directory / "data/certificate.pem");
  ASSERT_TRUE(first);
  const auto again = EnsureSelfSignedCertificate(config.data_dir, {});
  ASSERT_TRUE(again);
  EXPECT_EQ(*CertificateFingerprint(again->certificate), *first);
  const auto mode = std::filesystem::status(again->private_key).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace ferry::gateway
