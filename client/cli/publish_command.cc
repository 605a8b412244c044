#include "client/cli/publish_command.h"

#include <iostream>
#include <memory>
#include <optional>

#include "client/cli/client_app.h"
#include "client/media/open_file.h"
#include "client/media/publication.h"
#include "client/printable.h"

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
  const CLI::Option* small_size_option = nullptr;
};

VideoSettings SettingsOf(const PublishOptions& o) {
  return {.bitrate = DataRate::KilobitsPerSec(o.video_kbps),
          .small_bitrate = DataRate::KilobitsPerSec(o.small_kbps),
          .small_box = {o.small_size.first, o.small_size.second},
          .small_box_given = o.small_size_option->count() > 0,
          .loop = o.loop};
}

Result<VideoTrack> MakeVideo(const PublishOptions& o) {
  const VideoSettings settings = SettingsOf(o);
  if (!settings.small_box.valid()) {
    return Fail(ErrorCode::kInvalidArgument, "--small-size is impossible");
  }
  if (!o.video_file.empty()) {
    auto file = InputFile::Open(o.video_file);
    if (!file) return std::unexpected(file.error());
    return OpenVideo(std::move(*file), settings);
  }
  const VideoSize size = {o.size.first, o.size.second};
  if (!size.valid()) return Fail(ErrorCode::kInvalidArgument, "--size is impossible");
  return EncodePictures(std::make_unique<SyntheticPictures>(size, o.fps), settings);
}

Result<AudioTrack> MakeAudio(const PublishOptions& o) {
  const auto bitrate = DataRate::KilobitsPerSec(o.audio_kbps);
  if (o.audio_file.empty()) {
    return AudioTrack::FromSound(std::make_unique<Tone>(o.tone_hz), bitrate, o.loop);
  }
  auto file = InputFile::Open(o.audio_file);
  if (!file) return std::unexpected(file.error());
  return OpenAudio(std::move(*file), bitrate, o.loop);
}

class Publisher final : public ClientApp {
 public:
  explicit Publisher(const PublishOptions& options) : options_(options) {}

  Result<void> Open() {
    if (options_.synthetic || !options_.video_file.empty()) {
      auto video = MakeVideo(options_);
      if (!video) return std::unexpected(video.error());
      publication_.SetVideo(std::move(*video));
    }
    if (options_.synthetic || !options_.audio_file.empty()) {
      auto audio = MakeAudio(options_);
      if (!audio) return std::unexpected(audio.error());
      publication_.SetAudio(std::move(*audio));
    }
    if (!publication_.video() && !publication_.audio()) {
      return ferry::Fail(ErrorCode::kInvalidArgument,
                         "nothing to publish: give --video, --audio or --synthetic");
    }
    port().on_keyframe_wanted = [this](uint32_t ssrc) {
      if (publication_.video()) publication_.video()->RequestKeyframe(ssrc);
    };
    TellNotes();
    return {};
  }
  // Whether all of the files could be sent.
  bool whole() const { return whole_; }

 private:
  void OnJoined(const std::vector<RemoteUser>&) override {
    std::cerr << "joined" << std::endl;
    if (publication_.audio()) {
      audio_request_ = session().Publish({.kind = MediaKind::kAudio, .codec = "opus"}).value_or(0);
    }
    if (publication_.video()) {
      video_request_ = session()
                           .Publish({.kind = MediaKind::kVideo,
                                     .codec = "vp8",
                                     .encodings = publication_.video()->encodings()})
                           .value_or(0);
    }
  }

  void OnPublished(const Published& published) override {
    Result<void> started;
    if (published.request_id == audio_request_) {
      started = publication_.StartAudio(published.ssrcs[0], Now(), engine());
    } else if (published.request_id == video_request_) {
      started = publication_.StartVideo(published.ssrcs, Now(), engine());
    }
    if (!started) Fail(started.error().message);
  }
  void OnSubscribed(const std::string&, uint32_t) override {}
  void OnNotification(const Notification&) override {}

  void OnTick(Timestamp now) override {
    const auto more = publication_.Tick(now, engine());
    TellNotes();
    if (!more) return Fail(more.error().message);
    if (!*more) Finish(0);
  }

  void TellNotes() {
    for (const FileNote& note : publication_.TakeNotes()) {
      std::cerr << Printable(note.text) << std::endl;
      whole_ = whole_ && !note.damage;
    }
  }

  const PublishOptions& options_;
  Publication publication_;
  int64_t audio_request_ = 0;
  int64_t video_request_ = 0;
  bool whole_ = true;
};

int RunPublish(const PublishOptions& options) {
  Publisher publisher(options);
  if (const auto opened = publisher.Open(); !opened) {
    std::cerr << "ferry-cli: " << Printable(opened.error().message) << std::endl;
    return 1;
  }
  const int status = publisher.Run(options.client, Role::kAnchor);
  return status == 0 && !publisher.whole() ? 2 : status;
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
  o.small_size_option = add("--small-size", o.small_size,
                            "Width and height that the small encoding fits into, upright where the "
                            "picture is; by default a picture no larger has none");
  add("--audio-kbps", o.audio_kbps, "Of the sound")->check(CLI::Range(6, 510));
  command->callback([&run, options] { run = [options] { return RunPublish(*options); }; });
}

}  // namespace ferry::client
