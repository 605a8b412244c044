#include "client/media/y4m.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <sstream>

namespace ferry::client {
namespace {

constexpr std::string_view kMagic = "YUV4MPEG2";
constexpr std::string_view kFrameMagic = "FRAME";
constexpr size_t kMaxHeaderBytes = 1024;
// 4:2:0 of 8 bits; they differ in where between the luma samples the chroma samples lie.
constexpr std::array<std::string_view, 4> kColourSpaces = {"420", "420jpeg", "420mpeg2",
                                                           "420paldv"};

bool Number(std::string_view text, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// A line without its end; nullopt when there is none within the bound.
std::optional<std::string> Line(InputFile& in) {
  std::string line;
  for (uint8_t c = 0; line.size() < kMaxHeaderBytes && in.Read({&c, 1}) == 1;) {
    if (c == '\n') return line;
    line += static_cast<char>(c);
  }
  return std::nullopt;
}

}  // namespace

Result<Y4mReader> Y4mReader::Open(InputFile file) {
  Y4mReader reader(std::move(file));
  if (auto read = reader.ReadHeader(); !read) return std::unexpected(read.error());
  return reader;
}

Result<void> Y4mReader::ReadHeader() {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kMalformed, file_.name() + ": a Y4M file " + why);
  };
  const auto convert = [&](const std::string& why, const char* how) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: {}; make it over: ffmpeg -i {} {} OUT.y4m", file_.name(), why,
                            file_.name(), how));
  };
  const auto header = Line(file_);
  if (!header || !header->starts_with(kMagic)) {
    return bad("begins with a line that begins with YUV4MPEG2, this one does not");
  }
  std::istringstream words(header->substr(kMagic.size()));
  int numerator = 0, denominator = 0;
  for (std::string word; words >> word;) {
    const std::string_view value = std::string_view(word).substr(1);
    if (word[0] == 'W' && !Number(value, size_.width)) return bad("has no width " + word);
    if (word[0] == 'H' && !Number(value, size_.height)) return bad("has no height " + word);
    if (word[0] == 'C' && std::ranges::find(kColourSpaces, value) == kColourSpaces.end()) {
      return convert("its pictures are of colour space " + word + ", not 4:2:0 of 8 bits",
                     "-pix_fmt yuv420p");
    }
    if (word[0] == 'I' && value != "p" && value != "?") {
      return convert("its pictures are interlaced (" + word + ")", "-vf yadif");
    }
    if (word[0] == 'F') {
      const size_t colon = value.find(':');
      if (colon == value.npos || !Number(value.substr(0, colon), numerator) ||
          !Number(value.substr(colon + 1), denominator)) {
        return bad("has no frame rate " + word);
      }
    }
  }
  if (size_.width <= 0 || size_.height <= 0)
    return bad("tells width and height, this one does not");
  if (!size_.valid()) {
    return convert(fmt::format("its pictures are of {}x{} pixels, more than {}x{}", size_.width,
                               size_.height, kMaxVideoDimension, kMaxVideoDimension),
                   "-vf scale=1280:-2");
  }
  if (numerator <= 0 || denominator <= 0) {
    return convert(fmt::format("its frame rate is told as {}:{}", numerator, denominator), "-r 30");
  }
  fps_ = static_cast<double>(numerator) / denominator;
  if (fps_ < kMinFps || fps_ > kMaxFps) {
    return convert(
        fmt::format("its frame rate is {:g}, not {} to {} a second", fps_, kMinFps, kMaxFps),
        "-r 30");
  }
  first_frame_ = file_.position();
  if (file_.AtEnd()) {
    return Fail(ErrorCode::kMalformed,
                fmt::format("{}: there is no picture in it, it ends after its header at byte {}",
                            file_.name(), first_frame_));
  }
  return {};
}

bool Y4mReader::Read(I420Buffer& out) {
  if (file_.AtEnd()) return false;
  out.Resize(size_);
  const auto luma = static_cast<size_t>(size_.width) * static_cast<size_t>(size_.height);
  const auto chroma =
      static_cast<size_t>(size_.chroma_width()) * static_cast<size_t>(size_.chroma_height());
  const uint64_t begin = file_.position();
  const auto header = Line(file_);
  if (!header || !header->starts_with(kFrameMagic)) {
    notes_.Damage(
        fmt::format("at byte {} FRAME of picture {} should be and is not; what follows is left out",
                    begin, frames_ + 1));
    return false;
  }
  const size_t bytes = luma + 2 * chroma;  // the buffer's planes lie as the file's do
  if (const size_t got = file_.Read({out.y(), bytes}); got < bytes) {
    notes_.Damage(
        fmt::format("it ends at byte {} within picture {}, of which it has {} of {} bytes",
                    file_.position(), frames_ + 1, got, bytes));
    return false;
  }
  ++frames_;
  return true;
}

void Y4mReader::Rewind() {
  file_.SeekTo(first_frame_);
  frames_ = 0;
}

Result<Y4mWriter> Y4mWriter::Create(const std::string& path, VideoSize size, int fps) {
  Y4mWriter writer;
  writer.file_.open(path, std::ios::binary);
  if (!writer.file_) return Fail(ErrorCode::kNotFound, "cannot write " + path);
  writer.size_ = size;
  writer.file_ << "YUV4MPEG2 W" << size.width << " H" << size.height << " F" << fps
               << ":1 Ip A1:1 C420jpeg\n";
  return writer;
}

void Y4mWriter::Write(const I420View& picture) {
  const auto plane = [&](const uint8_t* rows, int stride, int width, int height) {
    for (int y = 0; y < height; ++y) {
      file_.write(reinterpret_cast<const char*>(rows + ptrdiff_t{y} * stride), width);
    }
  };
  file_ << "FRAME\n";
  plane(picture.y, picture.stride_y, size_.width, size_.height);
  plane(picture.u, picture.stride_uv, size_.chroma_width(), size_.chroma_height());
  plane(picture.v, picture.stride_uv, size_.chroma_width(), size_.chroma_height());
}

}  // namespace ferry::client
