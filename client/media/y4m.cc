#include "client/media/y4m.h"

#include <charconv>
#include <optional>
#include <sstream>

namespace ferry::client {
namespace {

constexpr size_t kMaxHeaderBytes = 1024;

bool Number(std::string_view text, int& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// A line without its end; nullopt when there is none within the bound.
std::optional<std::string> Line(std::istream& in) {
  std::string line;
  for (char c = 0; line.size() < kMaxHeaderBytes && in.get(c);) {
    if (c == '\n') return line;
    line += c;
  }
  return std::nullopt;
}

}  // namespace

Result<Y4mReader> Y4mReader::Open(const std::string& path) {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kMalformed, path + " is no Y4M file that is understood: " + why);
  };
  Y4mReader reader;
  reader.file_.open(path, std::ios::binary);
  if (!reader.file_) return Fail(ErrorCode::kNotFound, "cannot read " + path);
  const auto header = Line(reader.file_);
  if (!header || !header->starts_with("YUV4MPEG2")) return bad("it does not begin with YUV4MPEG2");
  std::istringstream words(*header);
  int numerator = 0, denominator = 0;
  for (std::string word; words >> word;) {
    const std::string_view value = std::string_view(word).substr(1);
    if (word[0] == 'W' && !Number(value, reader.size_.width)) return bad(word);
    if (word[0] == 'H' && !Number(value, reader.size_.height)) return bad(word);
    if (word[0] == 'C' && !value.starts_with("420")) return bad(word + ", not 4:2:0");
    if (word[0] == 'C' && value.starts_with("420p1")) return bad(word + ", not 8 bits");
    if (word[0] == 'F') {
      const size_t colon = value.find(':');
      if (colon == value.npos || !Number(value.substr(0, colon), numerator) ||
          !Number(value.substr(colon + 1), denominator)) {
        return bad(word);
      }
    }
  }
  if (!reader.size_.valid()) return bad("its size");
  if (numerator <= 0 || denominator <= 0) return bad("its frame rate");
  reader.fps_ = static_cast<double>(numerator) / denominator;
  if (reader.fps_ > 240) return bad("its frame rate");
  reader.first_frame_ = reader.file_.tellg();
  return reader;
}

bool Y4mReader::Read(I420Buffer& out) {
  out.Resize(size_);
  const auto luma = static_cast<std::streamsize>(size_.width) * size_.height;
  const auto chroma = static_cast<std::streamsize>(size_.chroma_width()) * size_.chroma_height();
  const auto header = Line(file_);
  const bool whole = header && header->starts_with("FRAME") &&
                     file_.read(reinterpret_cast<char*>(out.y()), luma) &&
                     file_.read(reinterpret_cast<char*>(out.u()), chroma) &&
                     file_.read(reinterpret_cast<char*>(out.v()), chroma);
  if (whole) return true;
  file_.clear();
  file_.seekg(first_frame_);
  return false;
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
