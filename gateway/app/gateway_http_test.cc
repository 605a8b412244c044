// The whole gateway and what it serves besides calls: files, health, metrics, the demo's
// signatures.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <filesystem>
#include <string>

#include "core/base/base64.h"
#include "gateway/app/gateway.h"
#include "gateway/net/certificate_store.h"
#include "gateway/testing/gateway_fixture.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

class GatewayHttpTest : public GatewayTest {
 protected:
  // What ferry_http_limits_total says of a limit.
  int Ended(const std::string& limit) {
    const std::string line = "ferry_http_limits_total{limit=\"" + limit + "\"} ";
    const std::string metrics = MetricsText();
    const size_t found = metrics.find(line);
    return found == metrics.npos ? -1 : std::stoi(metrics.substr(found + line.size()));
  }
};

TEST_F(GatewayHttpTest, ServesFilesWithTheirTypeAndSecurityHeaders) {
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

TEST_F(GatewayHttpTest, AnswersUnchangedFilesWithoutTheirBody) {
  Start();
  const std::string etag = Get("/").headers["etag"];
  EXPECT_EQ(Get("/", {{"If-None-Match", etag}}).status, 304u);
  Write("demo/index.html", "<p>changed</p>");
  EXPECT_EQ(Get("/", {{"If-None-Match", etag}}).body, "<p>changed</p>");
}

TEST_F(GatewayHttpTest, ServesWhatWasCompressedBeforeToWhomTakesIt) {
  Write("sdk/trtc.wasm.gz", "zipped");
  Start();
  auto zipped = Get("/sdk/trtc.wasm", {{"Accept-Encoding", "br, gzip"}});
  EXPECT_EQ(zipped.body, "zipped");
  EXPECT_EQ(zipped.headers["content-encoding"], "gzip");
  EXPECT_EQ(zipped.headers["content-type"], "application/wasm");
  EXPECT_EQ(Get("/sdk/trtc.wasm").body, "wasm");
}

TEST_F(GatewayHttpTest, ServesNothingOutsideItsFolders) {
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

TEST_F(GatewayHttpTest, TellsHealthReadinessAndMetrics) {
  Start();
  EXPECT_EQ(Get("/healthz").status, 200u);
  EXPECT_EQ(Get("/readyz").status, 200u);
  const Client ann = Joined("ann");
  const std::string metrics = MetricsText();
  for (const char* line : {"ferry_participants 1\n", "ferry_rooms 1\n", "ferry_joins_total 1\n",
                           "ferry_packets_dropped_total{reason=\"rate\"} 0\n"}) {
    EXPECT_NE(metrics.find(line), std::string::npos) << line << metrics;
  }
  EXPECT_EQ(Get("/healthz", {}, "POST").status, 405u);
}

TEST_F(GatewayHttpTest, MetricsAreNotForEverybody) {
  Start();
  EXPECT_EQ(Get("/metrics").status, 404u);
  EXPECT_NE(MetricsText().find("ferry_connections"), std::string::npos);
}

TEST_F(GatewayHttpTest, MetricsAreForWhoHasTheToken) {
  config.metrics_token = "0123456789abcdef";
  config.admin_listen = "";
  Start();
  EXPECT_EQ(gateway->admin_address(), "");
  EXPECT_EQ(Get("/metrics").status, 401u);
  EXPECT_EQ(Get("/metrics", {{"Authorization", "Bearer 0123456789abcdeX"}}).status, 401u);
  const auto metrics = Get("/metrics", {{"Authorization", "Bearer 0123456789abcdef"}});
  EXPECT_EQ(metrics.status, 200u);
  EXPECT_NE(metrics.body.find("ferry_connections"), std::string::npos);
}

TEST_F(GatewayHttpTest, AnAddressThatAsksTooOftenIsToldSo) {
  config.listener.requests_per_second_per_address = 1;
  config.listener.request_burst_per_address = 2;
  Start();
  const Client ann = Joined("ann");
  EXPECT_EQ(Get("/").status, 200u);
  EXPECT_EQ(Get("/").status, 200u);
  auto refused = Get("/");
  EXPECT_EQ(refused.status, 429u);
  EXPECT_EQ(refused.headers["retry-after"], "1");
  EXPECT_EQ(Ask(ann, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
  EXPECT_TRUE(Connect()->open) << "a client is no page";
  EXPECT_EQ(Ended("rate"), 1);
}

// A file whose reading takes until this lets it, as on a disk that stalls: opening it breaks a
// lease (fcntl(2)), which waits for its holder.
class StalledFile {
 public:
  explicit StalledFile(const std::filesystem::path& path) : file_(open(path.c_str(), O_RDONLY)) {
    std::signal(SIGIO, SIG_IGN);  // says that somebody opens it
    stalls_ = fcntl(file_, F_SETLEASE, F_WRLCK) == 0;
  }
  ~StalledFile() {
    fcntl(file_, F_SETLEASE, F_UNLCK);
    close(file_);
  }
  StalledFile(const StalledFile&) = delete;
  StalledFile& operator=(const StalledFile&) = delete;

  bool stalls() const { return stalls_; }
  // Somebody waits to read it.
  bool waited_for() const { return fcntl(file_, F_GETLEASE) != F_WRLCK; }

 private:
  const int file_;
  bool stalls_ = false;
};

TEST_F(GatewayHttpTest, FilesOnADiskThatStallsKeepNoMetricsAndNoApplicationsWaiting) {
  auto apps = AppStore::Open(directory / "data" / "ferry.db");
  ASSERT_TRUE(apps) << apps.error().message;
  json join = JoinMessage("ann");
  join["sdkAppId"] = AppStore::kDemoSdkAppId;
  join["userSig"] =
      SignUserSig(AppStore::kDemoSdkAppId, apps->Find(AppStore::kDemoSdkAppId)->secret, "ann",
                  UnixSeconds(), 3600);
  StartWith(std::move(*apps));
  std::deque<testing::HttpReply> replies;
  {
    std::deque<StalledFile> files;
    for (int i = 0; i < HttpThreads::kThreads; ++i) {
      const std::string name = "cold" + std::to_string(i);
      Write("demo/" + name, "read");
      if (!files.emplace_back(directory / "demo" / name).stalls()) GTEST_SKIP() << "no leases here";
      testing::HttpGet(io, gateway->port(), "/" + name, {}, replies.emplace_back());
      ASSERT_TRUE(Until([&] { return files.back().waited_for(); }));
    }
    EXPECT_NE(MetricsText().find("ferry_connections"), std::string::npos);
    auto other = AppStore::OpenExisting(directory / "data" / "ferry.db");
    ASSERT_TRUE(other) << other.error().message;
    ASSERT_TRUE(other->Set(AppStore::kDemoSdkAppId, {.status = ApplicationStatus::kSuspended}));
    EXPECT_TRUE(Until([&] { return Ask(Connect(), join)["type"] == "error"; }));
    for (const auto& reply : replies) EXPECT_FALSE(reply.done);
  }
  for (const auto& reply : replies) {
    EXPECT_TRUE(Until([&] { return reply.done; }));
    EXPECT_EQ(reply.body, "read");
  }
}

TEST_F(GatewayHttpTest, IdlePagesTakeNoPlaceOfAClient) {
  config.listener.max_connections = 1;
  config.listener.max_http_connections = 1;
  Start();
  EXPECT_EQ(Get("/").status, 200u);
  const Client ann = Joined("ann");
  EXPECT_EQ(Get("/").status, 200u) << "nor the other way round";
  EXPECT_EQ(Connect()->http_status, 503u);
}

TEST_F(GatewayHttpTest, FoldersThatAreMissingAreSaid) {
  config.demo_dir = directory / "nowhere";
  config.sdk_dir = "";
  Start();
  EXPECT_NE(log_text.str().find("event=folder-missing why=\"there is no folder " + config.demo_dir),
            std::string::npos)
      << log_text.str();
  EXPECT_EQ(log_text.str().find("event=folder-missing", log_text.str().find(config.demo_dir)),
            std::string::npos)
      << "an empty one is not wanted";
}

TEST_F(GatewayHttpTest, CountsWhoSaysNothing) {
  config.listener.http_idle_timeout = std::chrono::milliseconds(500);
  Start();
  EXPECT_EQ(Ended("idle"), 0);
  EXPECT_EQ(Get("/", {{"content-length", "1"}}).status, 0u) << "which never comes";
  EXPECT_EQ(Ended("idle"), 1);
}

TEST_F(GatewayHttpTest, CountsWhatItEndsAtALimit) {
  Start();
  EXPECT_EQ(Get("/", {{"x", std::string(20'000, 'x')}}).status, 431u);
  EXPECT_EQ(Ended("headers"), 1);
  EXPECT_EQ(Get("/", {{"content-length", "70000"}}).status, 413u);
  EXPECT_EQ(Ended("body"), 1);
  const auto make_file = [this](const std::string& name, uint64_t size) {
    Write("demo/" + name, "");
    std::filesystem::resize_file(directory / "demo" / name, size);
  };
  make_file("large", StaticFiles::kMaxFileBytes + 1);
  EXPECT_EQ(Get("/large", {}, "HEAD").status, 404u);
  EXPECT_EQ(Ended("file"), 1);
  constexpr uint64_t kFiles = StaticFiles::kMaxCachedBytes / StaticFiles::kMaxFileBytes;
  for (uint64_t i = 0; i <= kFiles; ++i) {
    EXPECT_EQ(Ended("file_memory"), 0);
    const std::string name = "f" + std::to_string(i);
    make_file(name, StaticFiles::kMaxFileBytes);
    EXPECT_EQ(Get("/" + name, {}, "HEAD").status, 200u);
  }
  EXPECT_EQ(Ended("file_memory"), 1);
}

TEST_F(GatewayHttpTest, TellsPagesOfAnyOriginHowToOpenWebTransport) {
  if (!WebTransportService::Available()) GTEST_SKIP() << "built without WebTransport";
  Start();
  auto answer = Get("/rtc/v1/webtransport");
  ASSERT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.headers["access-control-allow-origin"], "*");
  const json facts = json::parse(answer.body);
  EXPECT_EQ(facts["path"], "/rtc/v1");
  ASSERT_GE(facts["certificateHashes"].size(), 2u) << "the current one and the next";
  for (const json& hash : facts["certificateHashes"]) {
    EXPECT_EQ(hash["algorithm"], "sha-256");
    const auto bytes = Base64Decode(hash["value"].get<std::string>());
    EXPECT_TRUE(bytes && bytes->size() == 32) << hash;
  }
}

TEST_F(GatewayHttpTest, TellsThatThereIsNoWebTransportWhereItIsOff) {
  config.webtransport = false;
  Start();
  EXPECT_EQ(Get("/rtc/v1/webtransport").status, 404u);
}

TEST_F(GatewayHttpTest, SignsForTheDemoOnlyWhenAsked) {
  Start();
  EXPECT_EQ(Get("/demo/usersig?userId=ann").status, 404u);
}

TEST_F(GatewayHttpTest, TheDemosUserSigLetsIn) {
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

TEST_F(GatewayHttpTest, WithoutADemoApplicationNothingIsSignedForAnother) {
  config.demo = true;
  Start();
  EXPECT_EQ(Get("/demo/usersig?userId=ann").status, 503u);
}

TEST_F(GatewayHttpTest, KeepsItsCertificate) {
  const auto hashes = [this] {
    SystemClock clock;
    return CertificateStore::Open({.directory = config.data_dir}, clock).value()->hashes();
  };
  Start();
  const auto first = hashes();
  EXPECT_EQ(first.size(), 2u);
  EXPECT_EQ(hashes(), first);
  for (const char* name : {"data/private-key.pem", "data/next-private-key.pem"}) {
    EXPECT_EQ(std::filesystem::status(directory / name).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
}

TEST_F(GatewayHttpTest, PagesOfOtherOriginsAreRefusedWhenOriginsAreListed) {
  config.allowed_origins = {"https://good.example"};
  Start();
  EXPECT_EQ(Connect({.origin = "https://evil.example"})->http_status, 403u);
  EXPECT_TRUE(Connect({.origin = "https://good.example"})->open);
  EXPECT_TRUE(Connect()->open) << "not a browser";
  EXPECT_NE(MetricsText().find("refused_total{reason=\"origin\"} 1\n"), std::string::npos);
}

TEST_F(GatewayHttpTest, TooManyConnectionsOfAnAddressAreToldSo) {
  config.listener.max_connections_per_address = 2;
  Start();
  const Client ann = Joined("ann");
  const Client bob = Joined("bob");
  const auto refused = Get("/healthz");
  EXPECT_EQ(refused.status, 429u);
  EXPECT_EQ(Connect()->http_status, 429u);
  EXPECT_EQ(Ask(ann, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
  bob->Abort();
  ASSERT_TRUE(Until([&] { return gateway->Total(&Metrics::connections) == 1; }));
  EXPECT_TRUE(Until([&] { return Get("/healthz").status == 200; }));
}

TEST_F(GatewayHttpTest, TooManyHandshakesOfAnAddressAreClosedAtOnce) {
  config.listener.handshakes_per_second = 1;
  config.listener.handshake_burst = 2;
  Start();
  const Client ann = Joined("ann");
  EXPECT_EQ(Get("/healthz").status, 200u);
  EXPECT_EQ(Get("/healthz").status, 0u);
  EXPECT_EQ(Ask(ann, {{"type", "ping"}, {"timeMs", 1}})["type"], "ok");
}

}  // namespace
}  // namespace ferry::gateway
