#include "client/media/ivf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <string_view>

#include "client/media/little_endian.h"
#include "core/rtp/vp8.h"

namespace ferry::client {
namespace {

constexpr size_t kHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 12;  // size, then a 64-bit timestamp
// Where timestamps say nothing, and ticks are too short to be frames.
constexpr Duration kUsualInterval = Duration::Micros(33'333);
constexpr double kShortestFrame = 1.0 / 240;
// What the protocol lets an encoding's bitrate be (docs/protocol.md §2.1).
constexpr int64_t kMinBps = 1'000;
constexpr int64_t kMaxBps = 1'000'000'000;

std::string CodecName(std::string_view fourcc) {
  if (fourcc == "VP90") return "VP9";
  if (fourcc == "AV01") return "AV1";
  if (fourcc == "H264") return "H.264";
  return "\"" + std::string(fourcc) + "\"";
}

// Bytes of the last second.
class Window {
 public:
  void Add(Duration time, size_t bytes) {
    frames_.emplace_back(time, bytes);
    bytes_ += bytes;
    while (time - frames_.front().first >= Duration::Seconds(1)) {
      bytes_ -= frames_.front().second;
      frames_.pop_front();
    }
    most_ = std::max(most_, bytes_);
  }
  DataRate most() const {
    return DataRate::BitsPerSec(std::clamp(static_cast<int64_t>(most_) * 8, kMinBps, kMaxBps));
  }

 private:
  std::deque<std::pair<Duration, size_t>> frames_;
  size_t bytes_ = 0;
  size_t most_ = 0;
};

}  // namespace

Result<IvfReader> IvfReader::Open(InputFile file) {
  IvfReader reader(std::move(file));
  if (auto read = reader.ReadHeader(); !read) return std::unexpected(read.error());
  if (reader.rewindable()) {
    if (auto read = reader.ReadThrough(); !read) return std::unexpected(read.error());
  }
  return reader;
}

Result<void> IvfReader::ReadHeader() {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kMalformed, file_.name() + ": " + why);
  };
  std::array<uint8_t, kHeaderBytes> header{};
  const size_t got = file_.Read(header);
  const std::string_view text(reinterpret_cast<const char*>(header.data()), header.size());
  if (!text.starts_with("DKIF")) return bad("an IVF file begins with DKIF, this one does not");
  if (got < header.size()) return bad(fmt::format("it ends at byte {}, within its header", got));
  if (const auto codec = text.substr(8, 4); codec != "VP80") {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: its codec is {}, not VP8; make it over: ffmpeg -i {} -c:v libvpx "
                            "OUT.ivf",
                            file_.name(), CodecName(codec), file_.name()));
  }
  size_ = {LittleEndian<uint16_t>(header, 12), LittleEndian<uint16_t>(header, 14)};
  if (size_.width == 0 || size_.height == 0) return bad("its header tells of pictures of no size");
  // The file's clock: `rate` ticks in `scale` seconds.
  const auto rate = LittleEndian<uint32_t>(header, 16);
  const auto scale = LittleEndian<uint32_t>(header, 20);
  if (rate == 0 || scale == 0) {
    return bad(fmt::format("its header tells of a clock of {}/{} Hz", rate, scale));
  }
  tick_seconds_ = static_cast<double>(scale) / rate;
  first_frame_ = LittleEndian<uint16_t>(header, 6);
  if (first_frame_ < kHeaderBytes) {
    return bad(fmt::format("its header tells of a header of {} bytes", first_frame_));
  }
  file_.Skip(first_frame_ - kHeaderBytes);
  if (file_.AtEnd()) {
    return bad(fmt::format("there is no frame in it, it ends after its header at byte {}",
                           file_.position()));
  }
  return {};
}

Result<void> IvfReader::ReadThrough() {
  Window window;
  bool key = false;
  std::optional<uint64_t> last;
  Duration time;
  for (IvfFrame frame; Read(frame);) {
    if (last) time += Interval(*last, frame.timestamp);
    last = frame.timestamp;
    window.Add(time, frame.data.size());
    if (key || !frame.keyframe) continue;
    key = true;
    const auto size = rtp::Vp8KeyframeSize(frame.data);
    size_ = {size->width, size->height};
  }
  if (!key) {
    std::string why = "there is no VP8 key frame in it";
    for (const FileNote& note : notes_.Take()) why += "; " + note.text;
    return Fail(ErrorCode::kMalformed, file_.name() + ": " + why);
  }
  peak_ = window.most();
  Rewind();
  return {};
}

bool IvfReader::Read(IvfFrame& frame) {
  while (!file_.AtEnd()) {
    const uint64_t begin = file_.position();
    std::array<uint8_t, kFrameHeaderBytes> header{};
    if (file_.Read(header) < header.size()) {
      notes_.Damage(
          fmt::format("it ends at byte {}, within the header of a frame that begins at byte {}",
                      file_.position(), begin));
      return false;
    }
    const auto size = LittleEndian<uint32_t>(header, 0);
    if (size > kMaxFrameBytes) {
      notes_.Damage(
          fmt::format("at byte {} it tells of a frame of {} bytes, more than the {} that are "
                      "sent; what follows is left out",
                      begin, size, kMaxFrameBytes));
      return false;
    }
    frame.data.resize(size);
    if (const size_t got = file_.Read(frame.data); got < size) {
      notes_.Damage(
          fmt::format("it ends at byte {}, within a frame that begins at byte {}, of which it "
                      "has {} of {} bytes",
                      file_.position(), begin, got, size));
      return false;
    }
    if (size == 0) {
      // As encoders write that leave a picture out.
      notes_.Remark(
          fmt::format("the frame at byte {} has 0 bytes: the picture before it stays", begin));
      continue;
    }
    // RFC 6386 §9.1.
    const bool key = (frame.data[0] & 1) == 0;
    frame.keyframe = rtp::Vp8KeyframeSize(frame.data).has_value();
    if (key && !frame.keyframe) {
      notes_.Damage(fmt::format("the frame at byte {} is no VP8 frame: left out", begin));
      continue;
    }
    frame.timestamp = LittleEndian<uint64_t>(header, 4);
    return true;
  }
  return false;
}

void IvfReader::Rewind() { file_.SeekTo(first_frame_); }

Duration IvfReader::Interval(uint64_t from, uint64_t to) {
  const double seconds = to > from ? static_cast<double>(to - from) * tick_seconds_ : 0;
  if (seconds >= kMinInterval.seconds_f() && seconds <= kMaxInterval.seconds_f()) {
    return Duration::Micros(static_cast<int64_t>(seconds * 1e6 + 0.5));
  }
  notes_.Remark(fmt::format(
      "a frame of timestamp {} follows one of {}: it is shown after the usual time", to, from));
  return tick_seconds_ >= kShortestFrame && tick_seconds_ <= kMaxInterval.seconds_f()
             ? Duration::Micros(static_cast<int64_t>(tick_seconds_ * 1e6))
             : kUsualInterval;
}

}  // namespace ferry::client
