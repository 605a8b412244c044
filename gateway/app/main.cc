#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <string_view>
#include <utility>

#include "gateway/app/app_command.h"
#include "gateway/app/app_store.h"
#include "gateway/app/config.h"
#include "gateway/app/gateway.h"
#include "gateway/app/log_writer.h"
#include "gateway/app/start_checks.h"
#include "gateway/app/webtransport_service.h"
#include "gateway/auth/usersig.h"
#include "gateway/base/event_loop.h"
#include "gateway/net/certificate_store.h"

namespace ferry::gateway {
namespace {

int Complain(const std::string& message) {
  std::fprintf(stderr, "ferry-gateway: %s\n", message.c_str());
  return 1;
}

std::filesystem::path StoreFile(const Config& config) {
  return std::filesystem::path(config.data_dir) / "ferry.db";
}

Result<AppStore> OpenStore(const Config& config) {
  std::error_code error;
  std::filesystem::create_directories(config.data_dir, error);
  if (error) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot make the data folder " + config.data_dir + ": " + error.message());
  }
  return AppStore::Open(StoreFile(config));
}

int PrintUserSig(const CommandLine& command) {
  const auto store = AppStore::OpenExisting(StoreFile(command.config));
  if (!store) return Complain(store.error().message);
  const auto apps = store->applications();
  const auto found =
      command.usersig.sdk_app_id == 0 ? apps->begin() : apps->find(command.usersig.sdk_app_id);
  if (found == apps->end()) {
    return Complain("there is no application " + std::to_string(command.usersig.sdk_app_id) +
                    " in " + command.config.data_dir);
  }
  const Application& app = found->second;
  std::printf("%s\n", SignUserSig(app.sdk_app_id, app.secret, command.usersig.user,
                                  SystemClock().UnixMs() / 1000, command.usersig.lifetime_s)
                          .c_str());
  return 0;
}

// What can be told without a port and without touching what a running gateway has, for whoever is
// about to replace that one. The settings themselves have been looked at already.
int Check(const Config& config) {
  if (!config.certificate.empty()) {
    const SystemClock clock;
    const bool webtransport = config.webtransport && WebTransportService::Available();
    const auto certificates = CertificateStore::Open(
        {.certificate = config.certificate,
         .private_key = config.private_key,
         .directory = {},
         .names = {}},
        clock, webtransport ? WebTransportService::MakeContext : QuicContextMaker{});
    if (!certificates) return Complain(certificates.error().message);
  }
  std::puts("the configuration is good");
  return 0;
}

int ChangeApplications(const CommandLine& command) {
  auto store = AppStore::OpenExisting(StoreFile(command.config));
  if (!store) return Complain(store.error().message);
  const auto done = RunAppCommand(command.app, *store, std::cout);
  return done ? 0 : Complain(done.error().message);
}

// The address to open: any address is this host's, seen from itself.
std::string Origin(const std::string& listen, uint16_t port) {
  std::string host = listen == "::" || listen == "0.0.0.0" ? "127.0.0.1" : listen;
  if (host.find(':') != host.npos) host = "[" + host + "]";
  return "https://" + host + ":" + std::to_string(port);
}

// A connection is a file descriptor, and the usual soft limit is 1024. What the limit is then.
uint64_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

int Serve(const Config& config) {
  std::signal(SIGPIPE, SIG_IGN);
  const uint64_t descriptors = RaiseDescriptorLimit();
  const auto writer = std::make_shared<LogWriter>(STDERR_FILENO);
  const auto log = std::make_shared<spdlog::logger>("ferry", writer);
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z level=%l %v");
  log->set_level(spdlog::level::from_str(config.log_level));
  for (const std::string& doubt : DoubtfulSettings(config, descriptors)) {
    log->warn("event=doubtful-settings why={:?}", doubt);
  }
  auto store = OpenStore(config);
  if (!store) return Complain(store.error().message);
  EventLoop io;
  Gateway gateway(io, config, std::move(*store), log);
  gateway.AddMetrics(writer->metrics());
  if (const auto started = gateway.Start(); !started) {
    io.DropPending();
    return Complain(started.error().message);
  }
  std::printf("listening on %s\n", Origin(config.listen, gateway.port()).c_str());
  if (gateway.plain_port() != 0) {
    std::printf("without TLS, for reverse proxies, on port %u\n", gateway.plain_port());
  }
  if (!gateway.admin_address().empty()) {
    std::printf("metrics on http://%s/metrics\n", gateway.admin_address().c_str());
  }
  std::fflush(stdout);

  // SIGTERM drains; SIGINT is of a person at a terminal, who waits for nobody to move. The second
  // of either ends at once.
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  bool again = false;
  const std::function<void()> await_signal = [&] {
    signals.async_wait([&](const boost::system::error_code& error, int signal) {
      if (error) return;
      const auto first =
          signal == SIGTERM ? Gateway::ShutdownStage::kDrain : Gateway::ShutdownStage::kClose;
      gateway.Shutdown(std::exchange(again, true) ? Gateway::ShutdownStage::kNone : first,
                       [&io] { io.stop(); });
      await_signal();
    });
  };
  await_signal();
  boost::asio::signal_set reloads(io, SIGHUP);
  const std::function<void()> await_reload = [&] {
    reloads.async_wait([&](const boost::system::error_code& error, int) {
      if (error) return;
      gateway.ReloadCertificate();
      await_reload();
    });
  };
  await_reload();
  io.RunContained([&gateway](std::string_view what) { gateway.OnFailure(what); });
  // A connection that outlived even its abort still refers to the gateway.
  io.DropPending();
  return 0;
}

int Main(int argc, char** argv) {
  const auto command = ParseCommandLine(argc, argv);
  if (!command) {
    std::fputs(command.error().output.c_str(), command.error().status == 0 ? stdout : stderr);
    return command.error().status;
  }
  switch (command->command) {
    case Command::kUserSig:
      return PrintUserSig(*command);
    case Command::kApp:
      return ChangeApplications(*command);
    case Command::kCheck:
      return Check(command->config);
    case Command::kServe:
      return Serve(command->config);
  }
  return 1;
}

}  // namespace
}  // namespace ferry::gateway

int main(int argc, char** argv) {
  try {
    return ferry::gateway::Main(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ferry-gateway: %s\n", error.what());
    return 1;
  }
}
