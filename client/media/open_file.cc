#include "client/media/open_file.h"

#include <fmt/format.h>

#include <utility>

#include "client/media/file_type.h"
#include "client/media/simulcast.h"

namespace ferry::client {
namespace {

Result<void> CheckLoop(const InputFile& file, bool loop) {
  if (!loop || file.seekable()) return {};
  return Fail(ErrorCode::kInvalidArgument,
              file.name() + ": --loop needs a file that can be begun anew, which a pipe cannot");
}

// `other`: the kind that goes with the other option, whose name that is.
std::unexpected<Error> Refuse(const InputFile& file, const FileFacts& facts, const char* wanted,
                              bool other, const char* option, const char* how) {
  std::string why = fmt::format("{}: it is {}, not {}", file.name(), facts.name, wanted);
  if (other) {
    why += fmt::format(": give it as {}", option);
  } else if (!facts.name.starts_with("empty")) {
    why += fmt::format("; make one: ffmpeg -i {} {}", file.name(), how);
  }
  return Fail(ErrorCode::kUnsupported, why);
}

}  // namespace

Result<VideoTrack> EncodePictures(std::unique_ptr<PictureSource> pictures,
                                  const VideoSettings& settings) {
  const VideoSize size = pictures->size();
  std::vector<Encoding> encodings = {{size.width, size.height, settings.bitrate.bps()}};
  if (settings.small_bitrate.bps() > 0) {
    const auto small = SmallSize(size, settings.small_box);
    if (small) {
      encodings.push_back({small->width, small->height, settings.small_bitrate.bps()});
    } else if (settings.small_box_given) {
      return Fail(
          ErrorCode::kInvalidArgument,
          fmt::format("--small-size {} {} is no smaller than the pictures, which are of {}x{}; "
                      "without a small encoding: --small-kbps 0",
                      settings.small_box.width, settings.small_box.height, size.width,
                      size.height));
    }
  }
  return VideoTrack::FromPictures(std::move(pictures), encodings, settings.loop);
}

Result<VideoTrack> OpenVideo(InputFile file, const VideoSettings& settings) {
  if (auto can = CheckLoop(file, settings.loop); !can) return std::unexpected(can.error());
  const FileFacts facts = TypeOf(file);
  switch (facts.type) {
    case FileType::kIvf: {
      auto reader = IvfReader::Open(std::move(file));
      if (!reader) return std::unexpected(reader.error());
      return VideoTrack::FromFrames(std::move(*reader), settings.loop);
    }
    case FileType::kY4m: {
      auto reader = Y4mReader::Open(std::move(file));
      if (!reader) return std::unexpected(reader.error());
      return EncodePictures(std::make_unique<FilePictures>(std::move(*reader)), settings);
    }
    default:
      return Refuse(file, facts, "Y4M or IVF", facts.type == FileType::kWav, "--audio",
                    "-c:v libvpx -b:v 1M OUT.ivf");
  }
}

Result<AudioTrack> OpenAudio(InputFile file, DataRate bitrate, bool loop) {
  if (auto can = CheckLoop(file, loop); !can) return std::unexpected(can.error());
  const FileFacts facts = TypeOf(file);
  switch (facts.type) {
    case FileType::kOgg: {
      auto reader = OggOpusReader::Open(std::move(file));
      if (!reader) return std::unexpected(reader.error());
      return AudioTrack::FromPackets(std::move(*reader), bitrate, loop);
    }
    case FileType::kWav: {
      auto reader = WavReader::Open(std::move(file));
      if (!reader) return std::unexpected(reader.error());
      return AudioTrack::FromSound(std::make_unique<FileSound<WavReader>>(std::move(*reader)),
                                   bitrate, loop);
    }
    default:
      return Refuse(file, facts, "WAV or Ogg Opus", facts.type != FileType::kOther, "--video",
                    "-ar 48000 -ac 2 -c:a pcm_s16le OUT.wav");
  }
}

}  // namespace ferry::client
