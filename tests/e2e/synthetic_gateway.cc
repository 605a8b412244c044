// The gateway with somebody in its room 1 who has no connection: he plays a file to all and counts
// what they publish (gateway/testing/synthetic_participant.h). For tests/e2e/seams.spec.ts, which
// starts it in place of ferry-gateway: it takes the same command line, and tells on stdout, every
// quarter of a second, what he has counted.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/video/codec/testing/synthetic_clip.h"
#include "core/video/codec/video_encoder.h"
#include "gateway/app/app_store.h"
#include "gateway/app/config.h"
#include "gateway/app/gateway.h"
#include "gateway/base/event_loop.h"
#include "gateway/testing/synthetic_participant.h"

namespace ferry::gateway {
namespace {

constexpr uint32_t kRoom = 1;
constexpr auto kFrameInterval = std::chrono::milliseconds(33);
constexpr int kFramesBetweenReports = 8;

int Complain(const std::string& message) {
  std::fprintf(stderr, "synthetic_gateway: %s\n", message.c_str());
  return 1;
}

// Three seconds of a moving picture, the first a key frame.
std::vector<std::vector<uint8_t>> File() {
  constexpr VideoSize kSize{320, 180};
  constexpr int kFrames = 90;
  std::vector<std::vector<uint8_t>> frames;
  auto encoder = CreateVp8Encoder({.size = kSize, .bitrate = DataRate::KilobitsPerSec(300)});
  if (!encoder) return frames;
  const ferry::testing::SyntheticClip clip(kSize);
  for (int i = 0; i < kFrames; ++i) {
    I420Buffer picture(kSize);
    clip.Draw(i, picture);
    const auto frame = (*encoder)->Encode(picture.view(), Timestamp::Millis(i * 33), i == 0);
    if (frame && !frame->data.empty()) frames.emplace_back(frame->data.begin(), frame->data.end());
  }
  return frames;
}

class Program {
 public:
  Program(const Config& config, AppStore store, std::shared_ptr<spdlog::logger> log)
      : app_(store.applications()->begin()->first),
        gateway_(io_, config, std::move(store), std::move(log)),
        participant_(gateway_, "synthetic", /*consumer_worker=*/0, gateway_.workers() - 1),
        timer_(io_),
        signals_(io_, SIGINT, SIGTERM) {}

  int Run() {
    if (const auto started = gateway_.Start(); !started) {
      io_.DropPending();
      return Complain(started.error().message);
    }
    std::vector<std::vector<uint8_t>> file = File();
    if (file.empty() || !participant_.Enter({app_, kRoom}, std::move(file))) {
      return Complain("the synthetic participant did not enter");
    }
    std::printf("listening on https://127.0.0.1:%d\n", gateway_.port());
    std::printf("metrics on http://%s/metrics\n", gateway_.admin_address().c_str());
    std::fflush(stdout);
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) Leave();
    });
    Tick();
    io_.run();
    io_.DropPending();
    return 0;
  }

 private:
  void Tick() {
    timer_.expires_after(kFrameInterval);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      participant_.Play();
      if (++frames_ % kFramesBetweenReports == 0) Report();
      Tick();
    });
  }
  void Report() {
    const auto& counts = participant_.counts;
    std::printf(
        "synthetic {\"streams\":%lld,\"packets\":%lld,\"videoPackets\":%lld,\"keyframes\":%lld,"
        "\"faults\":%lld,\"keyframeRequests\":%lld}\n",
        static_cast<long long>(counts.streams), static_cast<long long>(counts.packets),
        static_cast<long long>(counts.video_packets), static_cast<long long>(counts.keyframes),
        static_cast<long long>(counts.faults), static_cast<long long>(counts.keyframe_requests));
    std::fflush(stdout);
  }
  void Leave() {
    timer_.cancel();
    participant_.Leave([this] {
      asio::post(io_, [this] {
        gateway_.Shutdown(Gateway::ShutdownStage::kClose, [this] { io_.stop(); });
      });
    });
  }

  EventLoop io_;
  const uint32_t app_;
  Gateway gateway_;
  testing::SyntheticParticipant participant_;
  asio::steady_timer timer_;
  asio::signal_set signals_;
  int frames_ = 0;
};

int Main(int argc, char** argv) {
  const auto command = ParseCommandLine(argc, argv);
  if (!command) {
    std::fputs(command.error().output.c_str(), command.error().status == 0 ? stdout : stderr);
    return command.error().status;
  }
  std::signal(SIGPIPE, SIG_IGN);
  auto log = spdlog::stderr_color_mt("ferry");
  log->set_level(spdlog::level::from_str(command->config.log_level));
  std::filesystem::create_directories(command->config.data_dir);
  auto store = AppStore::Open(std::filesystem::path(command->config.data_dir) / "ferry.db");
  if (!store) return Complain(store.error().message);
  return Program(command->config, std::move(*store), log).Run();
}

}  // namespace
}  // namespace ferry::gateway

int main(int argc, char** argv) { return ferry::gateway::Main(argc, argv); }
