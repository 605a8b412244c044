#include "client/cli/play_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "client/cli/client_app.h"
#include "client/media/picture_file.h"
#include "client/media/video_sink.h"
#include "client/media/wav.h"
#include "client/printable.h"

namespace ferry::client {
namespace {

using nlohmann::ordered_json;

constexpr int kChannels = session::AudioReceiver::kChannels;
constexpr size_t kBlockSamples = kAudioFrameSamples * kChannels;

struct PlayOptions {
  ClientOptions client;
  std::string of_user;
  std::string y4m_file;
  std::string wav_file;
  std::string json_file;
  std::string layer = "auto";
  int y4m_fps = 30;
  bool audience = false;
};

// One stream of another user, subscribed or about to be.
struct PlayedStream {
  std::string user_id;
  RemoteStream stream;
  uint32_t ssrc = 0;  // 0: the gateway has not answered
  std::optional<VideoSink> video;
  uint64_t blocks = 0;  // of audio, 10 ms each
  double loudest = 0;   // 0..1
};

class Player final : public ClientApp {
 public:
  explicit Player(const PlayOptions& options) : options_(options) {
    port().on_frame = [this](uint32_t ssrc, const session::VideoReceiver::Frame& frame) {
      OnFrame(ssrc, frame);
    };
  }

  Result<void> Open() {
    if (!options_.y4m_file.empty()) y4m_.emplace(options_.y4m_file, options_.y4m_fps);
    if (options_.wav_file.empty()) return {};
    auto file = WavWriter::Create(options_.wav_file, kChannels);
    if (!file) return std::unexpected(file.error());
    wav_.emplace(std::move(*file));
    return {};
  }

  // After the run.
  ordered_json Report() {
    for (auto& [id, played] : streams_) Describe(played);
    ordered_json report = {{"streams", described_}, {"malformed", port().malformed()}};
    if (y4m_) report["y4m"] = DescribeY4m();
    return report;
  }
  // After the run: whether the files hold what they should.
  Result<void> FinishFiles() {
    if (wav_ && !wav_->Finish()) {
      return ferry::Fail(ErrorCode::kNotFound, "cannot write " + options_.wav_file);
    }
    return y4m_ ? y4m_->Finish() : Result<void>{};
  }
  // Whether anything came, and all of it as it should.
  bool good() const { return good_ && !described_.empty(); }

 private:
  void OnJoined(const std::vector<RemoteUser>& users) override {
    std::cerr << "joined" << std::endl;
    // Again only when the gateway had forgotten us, and every subscription with us.
    while (!streams_.empty()) Remove(streams_.begin()->first);
    for (const RemoteUser& user : users) {
      for (const RemoteStream& stream : user.streams) Subscribe(user.user_id, stream);
    }
  }
  void OnPublished(const Published&) override {}

  void Subscribe(const std::string& user, const RemoteStream& stream) {
    if (!options_.of_user.empty() && options_.of_user != user) return;
    const bool audio = stream.kind == MediaKind::kAudio;
    const auto left_out = [&](const char* why) {
      std::cerr << "not played: " << (audio ? "audio" : "video") << " of " << Printable(user)
                << ", " << why << std::endl;
    };
    if (!audio && stream.codec != "vp8") return left_out("which is not VP8");
    if (streams_.size() >= session::kMaxStreams) return left_out("one too many");
    if (!streams_.emplace(stream.stream_id, PlayedStream{.user_id = user, .stream = stream}).second)
      return;
    LayerPreference preference;
    preference.layer = options_.layer == "big"     ? Layer::kBig
                       : options_.layer == "small" ? Layer::kSmall
                                                   : Layer::kAuto;
    const auto asked = session().Subscribe(stream.stream_id, audio ? nullptr : &preference);
    if (!asked) Fail(asked.error().message);
  }

  void OnSubscribed(const std::string& stream_id, uint32_t ssrc) override {
    const auto found = streams_.find(stream_id);
    if (found == streams_.end() || found->second.ssrc != 0) return;
    PlayedStream& played = found->second;
    // Streams of one user play in sync.
    const uint32_t group = groups_.try_emplace(played.user_id, groups_.size() + 1).first->second;
    Result<void> added;
    if (played.stream.kind == MediaKind::kAudio) {
      added = engine().AddAudioReceiver(ssrc, group);
    } else {
      auto sink = VideoSink::Create();
      if (!sink) return Fail(sink.error().message);
      played.video.emplace(std::move(*sink));
      if (y4m_) {
        played.video->on_picture = [this, &played](const I420View& picture) {
          Write(played, picture);
        };
      }
      added = engine().AddVideoReceiver(ssrc, group);
    }
    if (!added) return Fail(added.error().message);
    played.ssrc = ssrc;
    std::cerr << "playing " << Printable(Name(played)) << std::endl;
  }

  void OnNotification(const Notification& notification) override {
    if (const auto* added = std::get_if<StreamAdded>(&notification)) {
      Subscribe(added->user_id, added->stream);
    } else if (const auto* removed = std::get_if<StreamRemoved>(&notification)) {
      Remove(removed->stream_id);
    }
  }

  void Remove(const std::string& stream_id) {
    const auto found = streams_.find(stream_id);
    if (found == streams_.end()) return;
    Describe(found->second);
    if (found->second.ssrc != 0) static_cast<void>(engine().RemoveReceiver(found->second.ssrc));
    streams_.erase(found);
  }

  void OnFrame(uint32_t ssrc, const session::VideoReceiver::Frame& frame) {
    for (auto& [id, played] : streams_) {
      if (played.ssrc != ssrc || !played.video) continue;
      if (!played.video->Take(frame)) static_cast<void>(engine().RequestKeyframe(ssrc));
    }
  }

  // The file has the first video that is seen, also when its publisher comes back.
  void Write(const PlayedStream& played, const I420View& picture) {
    if (!y4m_of_) y4m_of_ = {played.user_id, played.stream.source};
    if (*y4m_of_ != std::pair(played.user_id, played.stream.source)) {
      ++y4m_left_out_;
      return;
    }
    if (auto written = y4m_->Write(picture); !written) Fail(written.error().message);
  }

  ordered_json DescribeY4m() {
    const VideoSize size = y4m_->size();
    const std::string user = y4m_of_ ? y4m_of_->first : "";
    std::cerr
        << Printable(fmt::format(
               "{}: {} pictures written{}, {} of them scaled to {}x{}; {} of other videos left out",
               y4m_->path(), y4m_->written(), user.empty() ? "" : " of " + user, y4m_->scaled(),
               size.width, size.height, y4m_left_out_))
        << std::endl;
    return {{"user", user},
            {"width", size.width},
            {"height", size.height},
            {"written", y4m_->written()},
            {"scaled", y4m_->scaled()},
            {"left_out", y4m_left_out_}};
  }

  void OnTick(Timestamp now) override {
    // A tick is as long as a block; the sum of all is what a listener hears.
    std::array<float, kBlockSamples> mix{};
    std::array<float, kBlockSamples> block;
    bool any = false;
    for (auto& [id, played] : streams_) {
      if (played.ssrc == 0 || played.stream.kind != MediaKind::kAudio) continue;
      if (!engine().PullAudio(played.ssrc, Duration::Zero(), now, block)) continue;
      any = true;
      for (size_t i = 0; i < block.size(); ++i) mix[i] += block[i];
      const session::AudioReceiver* receiver = engine().audio_receiver(played.ssrc);
      played.blocks = receiver->blocks_played();
      played.loudest = std::max(played.loudest, receiver->level());
    }
    if (wav_ && any) wav_->Write(mix);
  }

  static std::string Name(const PlayedStream& played) {
    return fmt::format("{} of {}", played.stream.kind == MediaKind::kAudio ? "audio" : "video",
                       played.user_id);
  }

  void Describe(const PlayedStream& played) {
    const bool audio = played.stream.kind == MediaKind::kAudio;
    ordered_json stream = {{"user", played.user_id}, {"kind", audio ? "audio" : "video"}};
    const auto reception = [&](const transport::ReceptionStats& stats) {
      stream["packets"] = stats.packets();
      stream["lost"] = stats.lost();
      stream["jitter_ms"] = stats.jitter().ms_f();
      good_ = good_ && stats.packets() > 0;
    };
    if (const auto* receiver = engine().audio_receiver(played.ssrc); receiver && audio) {
      reception(receiver->reception());
      stream["seconds"] = static_cast<double>(played.blocks) / 100;
      stream["loudest"] = played.loudest;
    }
    if (const auto* receiver = engine().video_receiver(played.ssrc); receiver && played.video) {
      reception(receiver->reception());
      const VideoSinkStats& stats = played.video->stats();
      stream["width"] = stats.size.width;
      stream["height"] = stats.size.height;
      stream["frames"] = stats.frames;
      stream["keyframes"] = stats.keyframes;
      stream["undecodable"] = stats.undecodable;
      stream["backwards"] = stats.backwards;
      stream["dropped"] = receiver->frames_dropped();
      stream["nacks"] = receiver->nacks_sent();
      stream["content_hash"] = fmt::format("{:016x}", stats.content_hash);
      good_ = good_ && stats.frames > 0 && stats.undecodable == 0 && stats.backwards == 0;
    }
    described_.push_back(std::move(stream));
  }

  const PlayOptions& options_;
  std::map<std::string, PlayedStream> streams_;
  std::map<std::string, uint32_t> groups_;  // of users, for lip sync
  std::optional<WavWriter> wav_;
  std::optional<PictureFile> y4m_;
  std::optional<std::pair<std::string, MediaSource>> y4m_of_;
  uint64_t y4m_left_out_ = 0;
  ordered_json described_ = ordered_json::array();
  bool good_ = true;
};

int RunPlay(const PlayOptions& options) {
  Player player(options);
  if (const auto opened = player.Open(); !opened) {
    std::cerr << "ferry-cli: " << Printable(opened.error().message) << std::endl;
    return 1;
  }
  const int status = player.Run(options.client, options.audience ? Role::kAudience : Role::kAnchor);
  const ordered_json report = player.Report();
  if (const auto finished = player.FinishFiles(); !finished) {
    std::cerr << "ferry-cli: " << Printable(finished.error().message) << std::endl;
    return 1;
  }
  if (options.json_file.empty()) {
    // Others' names are theirs to choose, and this is a terminal.
    std::cout << report.dump(2, ' ', /*ensure_ascii=*/true) << std::endl;
  } else if (std::ofstream file(options.json_file); !(file << report.dump(2) << "\n")) {
    std::cerr << "ferry-cli: cannot write " << options.json_file << std::endl;
    return 1;
  }
  if (status != 0) return status;
  return player.good() ? 0 : 2;
}

}  // namespace

void AddPlayCommand(CLI::App& app, std::function<int()>& run) {
  CLI::App* command =
      app.add_subcommand("play", "Receives everything in a room, decodes and checks it");
  auto options = std::make_shared<PlayOptions>();
  PlayOptions& o = *options;
  o.client.AddTo(*command);
  command->add_option("--of", o.of_user, "Only what this user publishes");
  command->add_option(
      "--y4m", o.y4m_file,
      "Writes the pictures of the first video there, scaled to the first one's size");
  command->add_option("--y4m-fps", o.y4m_fps, "The frame rate that file tells")
      ->check(CLI::Range(1, 120))
      ->capture_default_str();
  command->add_option("--wav", o.wav_file, "Writes the sum of all sound there, 48 kHz stereo");
  command->add_option("--layer", o.layer, "Encoding of videos that is asked for")
      ->check(CLI::IsMember({"auto", "big", "small"}))
      ->capture_default_str();
  command->add_flag("--audience", o.audience, "Enter a live room as audience");
  command->add_option("--json", o.json_file,
                      "Writes the report there instead of to standard output");
  command->callback([&run, options] { run = [options] { return RunPlay(*options); }; });
}

}  // namespace ferry::client
