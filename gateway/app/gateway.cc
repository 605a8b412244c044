#include "gateway/app/gateway.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <thread>

#include "core/base/hex.h"
#include "gateway/net/free_port.h"
#include "gateway/net/quic_secret.h"

namespace ferry::gateway {
namespace {

// An aborted connection only needs its turns of the event loop.
constexpr Duration kAbortTimeout = Duration::Millis(1000);
// How often the gateway looks whether its self-signed certificate's time is over.
constexpr auto kRenewalInterval = std::chrono::minutes(10);
// How soon a change of the applications by another process takes effect.
constexpr auto kApplicationsInterval = std::chrono::seconds(1);

// From the kernel: session ids and SSRCs are not to be guessed from each other.
uint64_t MakeSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

std::vector<std::string> CertificateNames(std::vector<std::string> names) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) names.emplace_back(host.data());
  return names;
}

// As many as the machine has cores, unless the configuration says.
size_t WorkerCount(const Config& config) {
  const size_t wanted =
      config.workers > 0 ? config.workers : std::max(1u, std::thread::hardware_concurrency());
  return std::min(wanted, ControlPlane::kMaxWorkers);
}

}  // namespace

Gateway::Gateway(asio::io_context& io, Config config, AppStore apps,
                 std::shared_ptr<spdlog::logger> log)
    : io_(io),
      config_(std::move(config)),
      apps_(std::move(apps)),
      log_(std::move(log)),
      addresses_(config_.listener, clock_),
      control_(config_.rooms, config_.sessions, *log_, MakeSeed()),
      sessions_{clock_, apps_, control_, *log_, addresses_, WorkerCount(config_)},
      renewal_(io) {
  std::vector<Sfu::Worker> sfu;
  for (size_t i = 0; i < WorkerCount(config_); ++i) {
    workers_.push_back(std::make_unique<Worker>(control_, clock_, i == 0 ? &io_ : nullptr));
    metrics_.push_back(&workers_.back()->metrics());
    sfu.push_back(workers_.back()->for_sfu());
  }
  for (const Metrics* metrics : control_.metrics()) metrics_.push_back(metrics);
  sfu_ = std::make_unique<Sfu>(sfu, config_.sfu);
}

Gateway::~Gateway() {
  for (const auto& worker : workers_) worker->Join();
  StopHttp();
  for (const auto& worker : workers_) worker->Clear();
}

Result<void> Gateway::Start() {
  const bool webtransport = config_.webtransport && WebTransportService::Available();
  auto certificates = CertificateStore::Open(
      {.certificate = config_.certificate,
       .private_key = config_.private_key,
       .directory = config_.data_dir,
       .names = CertificateNames(config_.names)},
      clock_, webtransport ? WebTransportService::MakeContext : QuicContextMaker{});
  if (!certificates) return std::unexpected(certificates.error());
  certificates_ = std::move(*certificates);
  if (auto parsed = ParsePolicies(); !parsed) return parsed;
  if (config_.webtransport && !webtransport) {
    log_->warn("event=built-without-webtransport transports=websocket");
  }
  if (webtransport) {
    const auto secret = LoadOrMakeQuicSecret(config_.data_dir);
    if (!secret) return std::unexpected(secret.error());
    webtransport_ = std::make_unique<WebTransportService>(*certificates_, *secret, addresses_,
                                                          origins_, config_.listener,
                                                          static_cast<uint8_t>(workers_.size()));
    webtransport_->ServeUnder(proxies_.path_prefix);
  }
  OnCertificate();
  if (auto started = StartHttp(); !started) return started;
  context_ = std::make_unique<WorkerContext>(
      WorkerContext{sessions_,
                    {*certificates_, addresses_, origins_, proxies_},
                    config_.listener,
                    workers_.size(),
                    *dispatcher_,
                    webtransport_.get()});
  if (auto listening = Listen(webtransport); !listening) return listening;
  asio::co_spawn(
      io_, [this] { return RenewCertificate(); }, asio::detached);
  log_->info("event=listening address={} port={} workers={} webtransport={}", config_.listen,
             port(), workers_.size(), webtransport);
  if (!config_.plain_listen.empty()) {
    log_->info("event=listening-plain address={} trusted_proxies={}", config_.plain_listen,
               config_.trusted_proxies.size());
  }
  return {};
}

Result<void> Gateway::ParsePolicies() {
  auto origins = OriginPolicy::Parse(config_.allowed_origins);
  if (!origins) return std::unexpected(origins.error());
  origins_ = std::move(*origins);
  auto trusted = TrustedProxies::Parse(config_.trusted_proxies);
  if (!trusted) return std::unexpected(trusted.error());
  auto prefix = PathPrefix::Parse(config_.path_prefix);
  if (!prefix) return std::unexpected(prefix.error());
  proxies_ = {std::move(*trusted), config_.proxy_protocol, std::move(*prefix)};
  return {};
}

Result<void> Gateway::Listen(bool webtransport) {
  const auto free = FindFreePort(config_.listen, config_.port, webtransport);
  if (!free) return std::unexpected(free.error());
  ListenAddress listen{config_.listen, *free};
  std::optional<ListenAddress> plain;
  if (!config_.plain_listen.empty()) {
    auto parsed = ParseListenAddress(config_.plain_listen);
    if (!parsed) return std::unexpected(parsed.error());
    plain = std::move(*parsed);
  }
  for (size_t i = 0; i < workers_.size(); ++i) {
    auto started = workers_[i]->Start(*context_, sfu_->worker(i), listen, plain);
    if (!started) return started;
    listen.port = workers_[i]->port();
    if (plain) plain->port = workers_[i]->plain_port();
  }
  return {};
}

Result<void> Gateway::StartHttp() {
  http_ = std::make_unique<HttpService>(
      HttpService::Sources{config_, apps_, clock_, leaving_, addresses_,
                           webtransport_ ? certificates_.get() : nullptr, metrics_});
  dispatcher_ = std::make_unique<HttpDispatcher>(http_threads_, http_->everybody(), *log_);
  http_->AddMetrics(dispatcher_->metrics());
  http_->AddMetrics(http_threads_.metrics());
  http_->AddMetrics(host_threads_.metrics());
  http_->AddMetrics(admin_metrics_);
  for (const std::string& folder : http_->MissingFolders()) {
    log_->warn(
        "event=folder-missing why=\"there is no folder {}: what is in it is answered with "
        "404\"",
        folder);
  }
  asio::co_spawn(
      host_threads_.io(), [this] { return WatchApplications(); }, asio::detached);
  if (config_.admin_listen.empty()) return {};
  const auto at = ParseListenAddress(config_.admin_listen);
  if (!at) return std::unexpected(at.error());
  auto admin = PlainListener::Start(host_threads_, at->address, at->port, http_->admin(),
                                    config_.listener.http_idle_timeout, admin_metrics_, *log_);
  if (!admin) {
    return Fail(admin.error().code, "admin-listen: " + admin.error().message +
                                        "; give another address, or \"\" for none");
  }
  admin_ = std::move(*admin);
  if (!admin_->loopback()) {
    log_->warn(
        "event=admin-listen-open address={} why=\"whoever reaches it reads the metrics, "
        "without TLS\"",
        admin_->address());
  }
  return {};
}

asio::awaitable<void> Gateway::WatchApplications() {
  asio::steady_timer timer(host_threads_.io());
  error_code error;
  bool failed = false;
  while (!error) {
    timer.expires_after(kApplicationsInterval);
    co_await timer.async_wait(Into(error));
    // What it throws would end the coroutine, and with it the watching.
    try {
      failed = !RefreshApplications(/*said=*/failed);
    } catch (const std::exception& failure) {
      host_threads_.OnFailure(failure.what());
    }
  }
}

bool Gateway::RefreshApplications(bool said) {
  const auto changed = apps_.Refresh();
  if (!changed && !said) {
    log_->error("event=applications-not-read error={:?}", changed.error().message);
  } else if (changed && *changed) {
    log_->info("event=applications-changed applications={}", apps_.applications()->size());
  }
  return changed.has_value();
}

void Gateway::StopHttp() {
  admin_.reset();
  host_threads_.Stop();
  http_threads_.Stop();
}

void Gateway::OnCertificate() {
  if (webtransport_) webtransport_->UseCertificate();
  const auto identity = certificates_->current();
  log_->info("event=certificate sha256={} self_signed={} valid_until_s={}",
             Hex(identity->facts.hash), certificates_->self_signed(),
             identity->facts.valid_until_s);
  if (const std::string fault = certificates_->TimeFault(); !fault.empty()) {
    log_->error(
        "event=certificate-not-valid why=\"the certificate {} is {}: browsers will not connect; "
        "put "
        "a valid one there and send SIGHUP\"",
        config_.certificate, fault);
  }
}

void Gateway::ReloadCertificate() {
  const auto changed = certificates_->Reload();
  if (!changed) {
    log_->error("event=certificate-reload-failed error={:?}", changed.error().message);
  } else if (*changed) {
    OnCertificate();
  }
}

asio::awaitable<void> Gateway::RenewCertificate() {
  error_code error;
  while (!error) {
    renewal_.expires_after(kRenewalInterval);
    co_await renewal_.async_wait(Into(error));
    if (error) break;
    // As where the applications are watched.
    try {
      const auto changed = certificates_->Renew();
      if (!changed) {
        log_->error("event=certificate-renewal-failed error={:?}", changed.error().message);
      } else if (*changed) {
        OnCertificate();
      }
    } catch (const std::exception& failure) {
      OnFailure(failure.what());
    }
  }
}

int64_t Gateway::Total(Count Metrics::*count) const {
  int64_t total = 0;
  for (const Metrics* metrics : metrics_) total += (metrics->*count).value();
  return total;
}

int64_t Gateway::Dropped(DropReason reason) const {
  int64_t total = 0;
  for (const Metrics* metrics : metrics_) {
    total += metrics->dropped[static_cast<size_t>(reason)].value();
  }
  return total;
}

void Gateway::Shutdown(ShutdownStage stage, std::function<void()> done) {
  stage_ = std::max(stage_, stage);
  if (leaving_.exchange(true)) return;
  log_->info("event=draining sessions={}", Total(&Metrics::sessions));
  control_.BeginDrain();
  asio::co_spawn(
      io_, [this, moved = std::move(done)]() mutable { return Leave(std::move(moved)); },
      asio::detached);
}

asio::awaitable<void> Gateway::Leave(std::function<void()> done) {
  const auto nobody = [this] { return control_.attached() == 0; };
  const auto nothing = [this] {
    return Total(&Metrics::connections) + Total(&Metrics::webtransport_connections) == 0;
  };
  co_await WaitFor(nobody, Duration::Seconds(config_.drain_timeout_s), ShutdownStage::kDrain);
  for (const auto& worker : workers_) worker->Shutdown();
  co_await WaitFor(nothing, Duration::Millis(config_.shutdown_timeout_ms), ShutdownStage::kClose);
  for (const auto& worker : workers_) worker->Abort();
  co_await WaitFor(nothing, kAbortTimeout, ShutdownStage::kNone);
  log_->info("event=stopped connections={}", Total(&Metrics::connections));
  renewal_.cancel();
  for (const auto& worker : workers_) worker->Join();
  StopHttp();
  done();
}

asio::awaitable<void> Gateway::WaitFor(std::function<bool()> condition, Duration timeout,
                                       ShutdownStage stage) {
  const Timestamp deadline = clock_.Now() + timeout;
  asio::steady_timer timer(io_);
  while (stage_ <= stage && clock_.Now() < deadline && !condition()) {
    timer.expires_after(std::chrono::milliseconds(5));
    error_code error;
    co_await timer.async_wait(Into(error));
  }
}

}  // namespace ferry::gateway
