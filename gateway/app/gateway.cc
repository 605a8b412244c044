#include "gateway/app/gateway.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "gateway/auth/hex.h"
#include "gateway/auth/usersig.h"

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;

// An aborted connection only needs its turns of the event loop.
constexpr Duration kAbortTimeout = Duration::Millis(1000);
constexpr int64_t kDemoUserSigSeconds = 86400;
// How often the gateway looks whether its self-signed certificate's time is over.
constexpr auto kRenewalInterval = std::chrono::minutes(10);

// Seeded by the kernel: session ids and SSRCs are not to be guessed from each other.
std::mt19937_64 MakeRandom() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(),
                     device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

std::vector<std::string> CertificateNames(std::vector<std::string> names) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) names.emplace_back(host.data());
  return names;
}

void AddSecurityHeaders(http::fields& headers) {
  headers.set(http::field::server, "ferry-gateway");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Permissions-Policy",
              "camera=(self), microphone=(self), display-capture=(self), autoplay=(self)");
  // WebAssembly needs 'wasm-unsafe-eval'; 'unsafe-eval' is not needed by anything of ours. A page
  // of ours may talk to a gateway elsewhere.
  headers.set("Content-Security-Policy",
              "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
              "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
              "media-src 'self' blob: mediastream:; connect-src 'self' https: wss:; "
              "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'");
}

}  // namespace

Gateway::Gateway(asio::io_context& io, Config config, AppStore apps,
                 std::shared_ptr<spdlog::logger> log)
    : io_(io),
      config_(std::move(config)),
      apps_(std::move(apps)),
      log_(std::move(log)),
      rooms_(config_.rooms),
      random_(MakeRandom()),
      context_{.clock = clock_,
               .apps = apps_,
               .limits = config_.sessions,
               .rooms = rooms_,
               .sfu = sfu_,
               .metrics = metrics_,
               .log = *log_,
               .random = random_,
               .sessions = sessions_,
               .draining = draining_,
               .next_stream = next_stream_},
      addresses_(config_.listener, clock_),
      demo_files_(config_.demo_dir),
      sdk_files_(config_.sdk_dir),
      tick_(io),
      renewal_(io) {}

Gateway::~Gateway() = default;

Result<void> Gateway::Start() {
  auto certificates = CertificateStore::Open({.certificate = config_.certificate,
                                              .private_key = config_.private_key,
                                              .directory = config_.data_dir,
                                              .names = CertificateNames(config_.names)},
                                             clock_);
  if (!certificates) return std::unexpected(certificates.error());
  certificates_ = std::move(*certificates);
  LogCertificate();
  auto origins = OriginPolicy::Parse(config_.allowed_origins);
  if (!origins) return std::unexpected(origins.error());
  origins_ = std::move(*origins);
  listener_ = std::make_unique<Listener>(
      io_, ListenerShared{*certificates_, addresses_, origins_}, config_.listener,
      [this](const HttpRequest& request) { return Answer(request); },
      [this](net::Connection& connection) {
        return std::make_unique<Session>(context_, connection);
      },
      metrics_, *log_);
  auto listening = listener_->Start(config_.listen, config_.port);
  if (!listening) return listening;
  asio::co_spawn(
      io_, [this] { return Tick(); }, asio::detached);
  asio::co_spawn(
      io_, [this] { return RenewCertificate(); }, asio::detached);
  log_->info("event=listening address={} port={}", config_.listen, port());
  return {};
}

void Gateway::LogCertificate() const {
  const auto identity = certificates_->current();
  log_->info("event=certificate sha256={} self_signed={} valid_until_s={}",
             Hex(identity->facts.hash), certificates_->self_signed(),
             identity->facts.valid_until_s);
}

void Gateway::ReloadCertificate() {
  const auto changed = certificates_->Reload();
  if (!changed) {
    log_->error("event=certificate-reload-failed error={:?}", changed.error().message);
  } else if (*changed) {
    LogCertificate();
  }
}

asio::awaitable<void> Gateway::RenewCertificate() {
  error_code error;
  while (!error) {
    renewal_.expires_after(kRenewalInterval);
    co_await renewal_.async_wait(Into(error));
    if (error) break;
    const auto changed = certificates_->Renew();
    if (!changed) {
      log_->error("event=certificate-renewal-failed error={:?}", changed.error().message);
    } else if (*changed) {
      LogCertificate();
    }
  }
}

size_t Gateway::queued_bytes() const {
  size_t bytes = 0;
  for (const Session* session : sessions_) bytes += session->queued_bytes();
  return bytes;
}

asio::awaitable<void> Gateway::Tick() {
  error_code error;
  Timestamp next;
  while (!error) {
    tick_.expires_after(std::chrono::microseconds(WakeScheduler::kInterval.us()));
    co_await tick_.async_wait(Into(error));
    sfu_.wakes().Run();
    const Timestamp now = clock_.Now();
    if (now < next) continue;
    next = now + Duration::Millis(kTickInterval.count());
    // No session ends within its tick: Close takes effect later.
    for (Session* session : sessions_) session->Tick(now);
    sfu_.Tick(now);
  }
}

void Gateway::UpdateGauges() {
  metrics_.rooms.Add(static_cast<int64_t>(rooms_.room_count()) - metrics_.rooms.value());
}

void Gateway::Shutdown(std::function<void()> done) {
  if (std::exchange(draining_, true)) return;
  log_->info("event=draining sessions={}", sessions_.size());
  listener_->Stop();
  for (Session* session : sessions_) session->Shutdown();
  asio::co_spawn(
      io_, [this, moved = std::move(done)]() mutable { return WaitForClients(std::move(moved)); },
      asio::detached);
}

asio::awaitable<void> Gateway::WaitForClients(std::function<void()> done) {
  co_await WaitUntilEmpty(Duration::Millis(config_.shutdown_timeout_ms));
  for (Session* session : sessions_) session->Abort();
  co_await WaitUntilEmpty(kAbortTimeout);
  log_->info("event=stopped connections={}", metrics_.connections.value());
  tick_.cancel();
  renewal_.cancel();
  done();
}

asio::awaitable<void> Gateway::WaitUntilEmpty(Duration timeout) {
  const Timestamp deadline = clock_.Now() + timeout;
  asio::steady_timer timer(io_);
  while (metrics_.connections.value() > 0 && clock_.Now() < deadline) {
    timer.expires_after(std::chrono::milliseconds(5));
    error_code error;
    co_await timer.async_wait(Into(error));
  }
}

HttpResponse Gateway::Answer(const HttpRequest& request) {
  const std::string path = TargetPath({request.target().data(), request.target().size()});
  HttpResponse response;
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response = TextResponse(405, "text/plain", "only GET and HEAD are answered here\n");
    response.headers.set(http::field::allow, "GET, HEAD");
  } else if (path == "/healthz") {
    response = TextResponse(200, "text/plain", "ok\n");
  } else if (path == "/readyz") {
    response = draining_ ? TextResponse(503, "text/plain", "shutting down\n")
                         : TextResponse(200, "text/plain", "ready\n");
  } else if (path == "/metrics") {
    UpdateGauges();
    response = TextResponse(200, "text/plain; version=0.0.4; charset=utf-8",
                            PrometheusText(metrics_, addresses_));
  } else if (path == "/demo/usersig" && config_.demo) {
    response = DemoUserSig(request);
  } else if (path == kWebSocketPath) {
    response = TextResponse(426, "text/plain", "a WebSocket of subprotocol ferry.v1 lives here\n");
    response.headers.set(http::field::upgrade, "websocket");
  } else {
    response = ServeFile(request, path);
  }
  AddSecurityHeaders(response.headers);
  return response;
}

HttpResponse Gateway::ServeFile(const HttpRequest& request, const std::string& path) {
  constexpr std::string_view kSdk = "/sdk/";
  std::optional<HttpResponse> response;
  if (path.starts_with(kSdk)) {
    response = sdk_files_.Get(std::string_view(path).substr(kSdk.size() - 1), request);
    // Pages of other origins may read the SDK's files. Run from here it only does in pages of this
    // origin: browsers start workers from the page's own alone.
    if (response) {
      response->headers.set(http::field::access_control_allow_origin, "*");
      response->headers.set("Cross-Origin-Resource-Policy", "cross-origin");
    }
  }
  if (!response) response = demo_files_.Get(path, request);
  return response ? std::move(*response) : TextResponse(404, "text/plain", "not found\n");
}

HttpResponse Gateway::DemoUserSig(const HttpRequest& request) const {
  const std::string user =
      QueryParameter({request.target().data(), request.target().size()}, "userId");
  const bool clean = std::ranges::none_of(
      user, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (user.empty() || user.size() > kMaxUserIdBytes || !clean) {
    return TextResponse(400, "text/plain", "userId must have 1 to 128 printable bytes\n");
  }
  // Never for another application: whoever asks is let in.
  const auto demo = apps_.applications().find(AppStore::kDemoSdkAppId);
  if (demo == apps_.applications().end()) {
    return TextResponse(503, "text/plain", "there is no demo application\n");
  }
  const Application& app = demo->second;
  const nlohmann::json answer = {
      {"sdkAppId", app.sdk_app_id},
      {"userSig",
       SignUserSig(app.sdk_app_id, app.secret, user, clock_.UnixMs() / 1000, kDemoUserSigSeconds)}};
  return TextResponse(200, "application/json", answer.dump());
}

}  // namespace ferry::gateway
