#include "client/cli/publish_command.h"

#include <iostream>
#include <memory>
#include <optional>

#include "client/cli/client_app.h"
#include "client/media/audio_track.h"
#include "client/media/video_track.h"

namespace ferry::client {
namespace {

struct PublishOptions {
  ClientOptions client;
  std::string video_file;
  std::string audio_file;
  bool synthetic = false;
  bool loop = false;
  std::pair<int, int> size = {640, 360};
  std::pair<int, int> small_size = {320, 180};
  double fps = 30;
  double tone_hz = 440;
  int video_kbps = 600;
  int small_kbps = 150;
  int audio_kbps = 40;
};

Result<VideoTrack> MakeVideo(const PublishOptions& o) {
  if (o.video_file.ends_with(".ivf")) {
    auto file = IvfReader::Open(o.video_file);
    if (!file) return std::unexpected(file.error());
    return VideoTrack::FromFrames(std::move(*file));
  }
  std::unique_ptr<PictureSource> pictures;
  if (o.video_file.empty()) {
    const VideoSize size = {o.size.first, o.size.second};
    if (!size.valid()) return Fail(ErrorCode::kInvalidArgument, "--size is impossible");
    pictures = std::make_unique<SyntheticPictures>(size, o.fps);
  } else {
    auto file = Y4mReader::Open(o.video_file);
    if (!file) return std::unexpected(file.error());
    pictures = std::make_unique<FilePictures>(std::move(*file));
  }
  std::vector<Encoding> encodings = {
      {pictures->size().width, pictures->size().height, o.video_kbps * 1000}};
  if (o.small_kbps > 0) {
    encodings.push_back({o.small_size.first, o.small_size.second, o.small_kbps * 1000});
  }
  return VideoTrack::FromPictures(std::move(pictures), encodings);
}

Result<AudioTrack> MakeAudio(const PublishOptions& o) {
  const auto bitrate = DataRate::KilobitsPerSec(o.audio_kbps);
  if (o.audio_file.empty())
    return AudioTrack::FromSound(std::make_unique<Tone>(o.tone_hz), bitrate);
  if (o.audio_file.ends_with(".opus") || o.audio_file.ends_with(".ogg")) {
    auto file = OggOpusReader::Open(o.audio_file);
    if (!file) return std::unexpected(file.error());
    return AudioTrack::FromPackets(std::move(*file), bitrate);
  }
  auto file = WavReader::Open(o.audio_file);
  if (!file) return std::unexpected(file.error());
  return AudioTrack::FromSound(std::make_unique<FileSound<WavReader>>(std::move(*file)), bitrate);
}

class Publisher final : public ClientApp {
 public:
  explicit Publisher(const PublishOptions& options) : options_(options) {}

  Result<void> Open() {
    if (options_.synthetic || !options_.video_file.empty()) {
      auto video = MakeVideo(options_);
      if (!video) return std::unexpected(video.error());
      video_.emplace(std::move(*video));
    }
    if (options_.synthetic || !options_.audio_file.empty()) {
      auto audio = MakeAudio(options_);
      if (!audio) return std::unexpected(audio.error());
      audio_.emplace(std::move(*audio));
    }
    if (!video_ && !audio_) {
      return ferry::Fail(ErrorCode::kInvalidArgument,
                         "nothing to publish: give --video, --audio or --synthetic");
    }
    port().on_keyframe_wanted = [this](uint32_t ssrc) {
      if (video_) video_->RequestKeyframe(ssrc);
    };
    return {};
  }

 private:
  void OnJoined(const std::vector<RemoteUser>&) override {
    std::cerr << "joined" << std::endl;
    if (audio_) {
      audio_request_ = session().Publish({.kind = MediaKind::kAudio, .codec = "opus"}).value_or(0);
    }
    if (video_) {
      video_request_ =
          session()
              .Publish(
                  {.kind = MediaKind::kVideo, .codec = "vp8", .encodings = video_->encodings()})
              .value_or(0);
    }
  }

  void OnPublished(const Published& published) override {
    Result<void> started;
    if (published.request_id == audio_request_) {
      started = audio_->Start(published.ssrcs[0], engine());
      next_block_ = Now();
    } else if (published.request_id == video_request_) {
      started = video_->Start(published.ssrcs, engine());
      next_frame_ = Now();
      video_started_ = true;
    }
    if (!started) Fail(started.error().message);
  }
  void OnSubscribed(const std::string&, uint32_t) override {}
  void OnNotification(const Notification&) override {}

  void OnTick(Timestamp now) override {
    if (audio_ && audio_->started()) SendSound(now);
    if (video_started_) SendVideo(now);
  }

  void SendSound(Timestamp now) {
    for (; next_block_ <= now; next_block_ += audio_->interval()) {
      const auto sent = audio_->SendNext(next_block_, now, engine());
      if (!sent) return Fail(sent.error().message);
      if (!*sent && !options_.loop) return Finish(0);
    }
  }

  void SendVideo(Timestamp now) {
    const auto interval = Duration::Micros(static_cast<int64_t>(1e6 / video_->fps()));
    // Frames that this machine cannot encode in time are left out, not made up for.
    if (now - next_frame_ > Duration::Millis(500)) next_frame_ = now;
    for (; next_frame_ <= now; next_frame_ += interval) {
      const auto sent = video_->SendNext(next_frame_, now, engine());
      if (!sent) return Fail(sent.error().message);
      if (!*sent && !options_.loop) return Finish(0);
    }
  }

  const PublishOptions& options_;
  std::optional<VideoTrack> video_;
  std::optional<AudioTrack> audio_;
  int64_t audio_request_ = 0;
  int64_t video_request_ = 0;
  bool video_started_ = false;
  Timestamp next_block_;
  Timestamp next_frame_;
};

int RunPublish(const PublishOptions& options) {
  Publisher publisher(options);
  if (const auto opened = publisher.Open(); !opened) {
    std::cerr << "ferry-cli: " << opened.error().message << std::endl;
    return 1;
  }
  return publisher.Run(options.client, Role::kAnchor);
}

}  // namespace

void AddPublishCommand(CLI::App& app, std::function<int()>& run) {
  CLI::App* command = app.add_subcommand("publish", "Sends files, or a moving picture and a tone");
  auto options = std::make_shared<PublishOptions>();
  PublishOptions& o = *options;
  o.client.AddTo(*command);
  command->add_option("--video", o.video_file, "Y4M, encoded here, or IVF of VP8, sent as it is")
      ->check(CLI::ExistingFile);
  command
      ->add_option("--audio", o.audio_file,
                   "WAV of 48 kHz, encoded here, or Ogg Opus, sent as it is where that can be")
      ->check(CLI::ExistingFile);
  command->add_flag("--synthetic", o.synthetic,
                    "A moving picture and a tone where no file is given");
  command->add_flag("--loop", o.loop, "Begin files anew at their end instead of leaving");
  const auto add = [&](const char* name, auto& value, const char* help) {
    return command->add_option(name, value, help)->capture_default_str();
  };
  add("--size", o.size, "Width and height of the synthetic picture");
  add("--fps", o.fps, "Of the synthetic picture")->check(CLI::Range(1.0, 120.0));
  add("--tone", o.tone_hz, "Hertz of the synthetic tone")->check(CLI::Range(20.0, 20'000.0));
  add("--video-kbps", o.video_kbps, "Of the encoded video")->check(CLI::Range(30, 50'000));
  add("--small-kbps", o.small_kbps, "Of its small encoding; 0: there is none")
      ->check(CLI::Range(0, 50'000));
  add("--small-size", o.small_size, "Width and height of the small encoding");
  add("--audio-kbps", o.audio_kbps, "Of the sound")->check(CLI::Range(6, 510));
  command->callback([&run, options] { run = [options] { return RunPublish(*options); }; });
}

}  // namespace ferry::client
