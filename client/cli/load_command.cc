#include "client/cli/load_command.h"

#include <sys/resource.h>

#include <boost/asio/signal_set.hpp>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "client/cli/options.h"
#include "client/cli/usersig_source.h"
#include "client/load/load_report.h"
#include "client/load/load_run.h"
#include "client/printable.h"
#include "net/cpu_time.h"

namespace ferry::client {
namespace {

namespace asio = boost::asio;

struct LoadOptions {
  GatewayOptions gateway;
  UserSigOptions user_sig;
  LoadPlan plan;
  bool live = false;
  int audio_kbps = 40;
  int video_kbps = 600;
  int small_kbps = 0;
  std::pair<int, int> video_size = {640, 360};
  std::pair<int, int> small_size = {320, 180};
  std::pair<int, int> tile = {0, 0};
  int fps = 30;
  size_t packet_bytes = rtp::kMaxPacketSize;
  std::string layer = "auto";
  double turn_s = 5;
  double warm_up_s = 2;
  double duration_s = 10;
  double switch_every_s = 0;
  std::string json_file;
};

void AddOptions(CLI::App& app, LoadOptions& o) {
  o.gateway.AddTo(app);
  o.user_sig.AddTo(app);
  LoadPlan& plan = o.plan;
  const std::string clients = "Clients", publishing = "Publishing", subscribing = "Subscribing",
                    time = "Time";
  const auto add = [&](const std::string& group, const char* name, auto& value, const char* help) {
    return app.add_option(name, value, help)->group(group)->capture_default_str();
  };
  add(clients, "--rooms", plan.rooms, "Rooms")->check(CLI::Range(1, LoadPlan::kMaxClients));
  add(clients, "--clients", plan.clients, "Clients of each room")
      ->check(CLI::Range(1, LoadPlan::kMaxClients));
  add(clients, "--first-room", plan.first_room, "Number of the first room");
  add(clients, "--user-prefix", plan.user_prefix, "What the users' names begin with");
  app.add_flag("--live", o.live, "Live rooms: who publishes nothing is audience")->group(clients);
  add(clients, "--joins-per-second", plan.joins_per_second, "How fast clients come")
      ->check(CLI::PositiveNumber);
  add(clients, "--threads", plan.threads, "Threads that share the clients")
      ->check(CLI::Range(1, 64));
  add(publishing, "--audio-publishers", plan.audio_publishers, "Of each room, its first clients");
  add(publishing, "--video-publishers", plan.video_publishers, "Of each room, its first clients");
  add(publishing, "--audio-kbps", o.audio_kbps, "Of whole RTP packets, 50 a second")
      ->check(CLI::Range(39, 400));
  add(publishing, "--video-kbps", o.video_kbps, "Of whole RTP packets")
      ->check(CLI::Range(20, 100'000));
  add(publishing, "--small-kbps", o.small_kbps, "Of the small encoding; 0: there is none")
      ->check(CLI::Range(0, 100'000));
  add(publishing, "--fps", o.fps, "Frames per second of video")->check(CLI::Range(1, 120));
  add(publishing, "--packet-bytes", o.packet_bytes, "Of a full video packet, RTP header included")
      ->check(CLI::Range(SyntheticStream::kMinPacketBytes, net::kMaxMediaBytes));
  add(publishing, "--video-size", o.video_size, "Width and height, as is told to the gateway");
  add(publishing, "--small-size", o.small_size, "Likewise of the small encoding");
  add(publishing, "--speakers", plan.speakers, "Audio publishers of a room who are loud at a time");
  add(publishing, "--turn", o.turn_s, "Seconds until the next are loud")
      ->check(CLI::PositiveNumber);
  add(subscribing, "--subscribe-audio", plan.subscribe_audio,
      "Sounds each client asks for at most");
  add(subscribing, "--subscribe-video", plan.subscribe_video,
      "Videos each client asks for at most");
  add(subscribing, "--layer", o.layer, "Encoding that is asked for")
      ->check(CLI::IsMember({"auto", "big", "small"}));
  add(subscribing, "--tile", o.tile, "Width and height at which videos would be shown");
  add(time, "--warm-up", o.warm_up_s, "Seconds after the last join that are not measured");
  add(time, "--duration", o.duration_s, "Seconds that are measured");
  add(time, "--switch-every", o.switch_every_s,
      "Seconds until each client moves to the other transport, again and again; 0: never")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--json", o.json_file, "Writes the report there instead of to standard output");
}

void Complete(LoadOptions& o) {
  LoadPlan& plan = o.plan;
  plan.scene = o.live ? Scene::kLive : Scene::kRtc;
  plan.audio.bitrate = DataRate::KilobitsPerSec(o.audio_kbps);
  plan.big = {.kind = MediaKind::kVideo,
              .bitrate = DataRate::KilobitsPerSec(o.video_kbps),
              .fps = o.fps,
              .packet_bytes = o.packet_bytes,
              .width = o.video_size.first,
              .height = o.video_size.second};
  if (o.small_kbps > 0) {
    plan.small = plan.big;
    plan.small->bitrate = DataRate::KilobitsPerSec(o.small_kbps);
    plan.small->width = o.small_size.first;
    plan.small->height = o.small_size.second;
  }
  plan.preference.layer = o.layer == "big"     ? Layer::kBig
                          : o.layer == "small" ? Layer::kSmall
                                               : Layer::kAuto;
  plan.preference.width = o.tile.first;
  plan.preference.height = o.tile.second;
  const auto seconds = [](double s) { return Duration::Micros(static_cast<int64_t>(s * 1e6)); };
  plan.speaking_turn = seconds(o.turn_s);
  plan.warm_up = seconds(o.warm_up_s);
  plan.measured = seconds(o.duration_s);
  if (o.switch_every_s > 0) plan.switch_every = seconds(o.switch_every_s);
  plan.threads = std::min(plan.threads, plan.total_clients());
}

Result<std::vector<LoadRun::Share>> MakeShares(const LoadOptions& o, UserSigSource& signer) {
  const LoadPlan& plan = o.plan;
  std::vector<LoadRun::Share> shares(static_cast<size_t>(plan.threads));
  for (auto& share : shares) share.transports = o.gateway.Transports();
  for (int index = 0; index < plan.total_clients(); ++index) {
    ClientPlan client = {.index = index, .join = {}, .place = index / plan.rooms};
    client.join.user_id = plan.user_prefix + "-" + std::to_string(index);
    auto user = signer.Sign(client.join.user_id);
    if (!user) return std::unexpected(user.error());
    client.join.sdk_app_id = user->sdk_app_id;
    client.join.user_sig = std::move(user->user_sig);
    client.join.room = plan.first_room + static_cast<uint32_t>(index % plan.rooms);
    client.join.scene = plan.scene;
    const bool publishes = client.place < std::max(plan.audio_publishers, plan.video_publishers);
    client.join.role = o.live && !publishes ? Role::kAudience : Role::kAnchor;
    client.join.client = "ferry-cli load";
    shares[static_cast<size_t>(index % plan.threads)].clients.push_back(std::move(client));
  }
  return shares;
}

int64_t PeakResidentBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

const char* Name(RunPhase phase) {
  switch (phase) {
    case RunPhase::kJoining:
      return "joining";
    case RunPhase::kWarmingUp:
      return "joined";
    case RunPhase::kMeasuring:
      return "measuring";
    case RunPhase::kDraining:
      return "measured";
    case RunPhase::kLeaving:
      return "leaving";
    case RunPhase::kDone:
      return "done";
  }
  return "";
}

// Each connection is a file descriptor, and the usual soft limit is 1024.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// One thread and what runs on it.
struct Worker {
  asio::io_context io{1};
  std::unique_ptr<LoadRun> run;
};

int RunLoad(LoadOptions& o) {
  Complete(o);
  const auto complain = [](const std::string& message) {
    std::cerr << "ferry-cli: " << Printable(message) << "\n";
    return 1;
  };
  if (o.plan.total_clients() > LoadPlan::kMaxClients) {
    return complain("more than " + std::to_string(LoadPlan::kMaxClients) + " clients");
  }
  const auto address = o.gateway.Address();
  if (!address) return complain(address.error().message);
  RaiseDescriptorLimit();
  UserSigSource signer(o.user_sig, *address, o.gateway.Tls());
  auto shares = MakeShares(o, signer);
  if (!shares) return complain(shares.error().message);

  const SystemClock clock;
  RunPhases phases;
  double cpu_from = 0, cpu_to = 0;
  std::vector<std::unique_ptr<Worker>> workers;
  for (auto& share : *shares) {
    auto worker = std::make_unique<Worker>();
    const Connector connector(worker->io, *address, o.gateway.Tls());
    worker->run =
        std::make_unique<LoadRun>(worker->io, o.plan, std::move(share), connector, clock, phases);
    workers.push_back(std::move(worker));
  }
  // The first worker tells of the phases, and hears the signals.
  workers[0]->run->OnPhase([&](RunPhase phase) {
    if (phase == RunPhase::kMeasuring) cpu_from = net::CpuSeconds();
    if (phase == RunPhase::kDraining) cpu_to = net::CpuSeconds();
    std::cerr << Name(phase) << std::endl;
  });
  asio::signal_set signals(workers[0]->io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) phases.stop = true;
  });
  std::vector<std::thread> threads;
  for (auto& worker : workers) {
    asio::co_spawn(
        worker->io,
        [&io = worker->io, &run = *worker->run]() -> asio::awaitable<void> {
          co_await run.Run();
          io.stop();
        },
        asio::detached);
    if (worker != workers[0]) threads.emplace_back([&io = worker->io] { io.run(); });
  }
  workers[0]->io.run();
  for (std::thread& thread : threads) thread.join();

  LoadStats stats;
  for (auto& worker : workers) stats.Add(worker->run->stats());
  const LoadCost cost = {.measured = workers[0]->run->measured(),
                         .cpu_seconds = cpu_to - cpu_from,
                         .resident_bytes = PeakResidentBytes()};
  nlohmann::ordered_json report = {{"transport", o.gateway.transport}};
  report.update(LoadReport(o.plan, stats, cost));
  if (o.json_file.empty()) {
    std::cout << report.dump(2) << std::endl;
  } else {
    std::ofstream file(o.json_file);
    file << report.dump(2) << "\n";
    if (!file) return complain("cannot write " + o.json_file);
  }
  return stats.failed == 0 ? 0 : 2;
}

}  // namespace

void AddLoadCommand(CLI::App& app, std::function<int()>& run) {
  CLI::App* command = app.add_subcommand(
      "load", "Many clients at once: publishes what can be checked, and checks what arrives");
  auto options = std::make_shared<LoadOptions>();
  AddOptions(*command, *options);
  command->callback([&run, options] { run = [options] { return RunLoad(*options); }; });
}

}  // namespace ferry::client
