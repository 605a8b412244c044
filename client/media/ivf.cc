#include "client/media/ivf.h"

#include <array>
#include <bit>
#include <cstring>
#include <string_view>

namespace ferry::client {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are read as they lie");
constexpr size_t kHeaderBytes = 32;
constexpr size_t kFrameHeaderBytes = 12;  // size, then a 64-bit timestamp

template <typename T>
T Little(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

}  // namespace

Result<IvfReader> IvfReader::Open(const std::string& path) {
  const auto bad = [&](const char* why) {
    return Fail(ErrorCode::kMalformed, path + " is no IVF file that is understood: " + why);
  };
  IvfReader reader;
  reader.file_.open(path, std::ios::binary);
  if (!reader.file_) return Fail(ErrorCode::kNotFound, "cannot read " + path);
  std::array<char, kHeaderBytes> header{};
  reader.file_.read(header.data(), header.size());
  if (!reader.file_ || std::string_view(header.data(), 4) != "DKIF") {
    return bad("it does not begin with DKIF");
  }
  if (std::string_view(header.data() + 8, 4) != "VP80") return bad("its codec is not VP8");
  reader.size_ = {Little<uint16_t>(header.data() + 12), Little<uint16_t>(header.data() + 14)};
  const auto rate = Little<uint32_t>(header.data() + 16);
  const auto scale = Little<uint32_t>(header.data() + 20);
  if (!reader.size_.valid()) return bad("its size");
  if (rate == 0 || scale == 0 || rate / scale > 240 || rate / scale < 1) {
    return bad("its frame rate");
  }
  reader.fps_ = static_cast<double>(rate) / scale;
  const auto header_bytes = Little<uint16_t>(header.data() + 6);
  if (header_bytes < kHeaderBytes) return bad("its header's length");
  reader.first_frame_ = header_bytes;
  reader.file_.seekg(reader.first_frame_);
  return reader;
}

bool IvfReader::Read(std::vector<uint8_t>& frame) {
  std::array<char, kFrameHeaderBytes> header{};
  if (file_.read(header.data(), header.size())) {
    const auto size = Little<uint32_t>(header.data());
    if (size > 0 && size <= kMaxFrameBytes) {
      frame.resize(size);
      if (file_.read(reinterpret_cast<char*>(frame.data()), size)) return true;
    }
  }
  Rewind();
  return false;
}

void IvfReader::Rewind() {
  file_.clear();
  file_.seekg(first_frame_);
}

}  // namespace ferry::client
