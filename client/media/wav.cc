#include "client/media/wav.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/audio/opus_encoder.h"

namespace ferry::client {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are read as they lie");

constexpr uint16_t kPcm = 1;
constexpr uint16_t kFloat = 3;
constexpr uint16_t kExtensible = 0xFFFE;
constexpr size_t kFormatBytes = 26;  // up to the format's tag within an extensible header

template <typename T>
T Little(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <typename T>
void Put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

Result<WavReader> WavReader::Open(const std::string& path) {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kMalformed, path + " is no WAV file that is understood: " + why);
  };
  WavReader reader;
  reader.file_.open(path, std::ios::binary);
  if (!reader.file_) return Fail(ErrorCode::kNotFound, "cannot read " + path);
  std::array<char, 12> riff{};
  reader.file_.read(riff.data(), riff.size());
  if (std::string_view(riff.data(), 4) != "RIFF" ||
      std::string_view(riff.data() + 8, 4) != "WAVE") {
    return bad("it is not RIFF WAVE");
  }
  for (std::array<char, 8> chunk{}; reader.file_.read(chunk.data(), chunk.size());) {
    const std::string_view name(chunk.data(), 4);
    const auto size = int64_t{Little<uint32_t>(chunk.data() + 4)};
    const std::streampos begin = reader.file_.tellg();
    if (name == "fmt ") {
      std::array<char, kFormatBytes> format{};
      reader.file_.read(format.data(), std::min<int64_t>(size, kFormatBytes));
      uint16_t tag = Little<uint16_t>(format.data());
      if (tag == kExtensible) tag = Little<uint16_t>(format.data() + 24);
      const auto bits = Little<uint16_t>(format.data() + 14);
      reader.channels_ = Little<uint16_t>(format.data() + 2);
      reader.floats_ = tag == kFloat;
      if (Little<uint32_t>(format.data() + 4) != uint32_t{kOpusSampleRate}) {
        return bad("its sample rate is not 48 kHz");
      }
      if (!(tag == kPcm && bits == 16) && !(tag == kFloat && bits == 32)) {
        return bad("its samples are neither 16-bit nor float");
      }
      if (reader.channels_ < 1 || reader.channels_ > 2) return bad("it has more than two channels");
    } else if (name == "data") {
      if (reader.channels_ == 0) return bad("samples before their format");
      reader.first_sample_ = begin;
      reader.data_bytes_ = reader.left_bytes_ = size;
      return reader;
    }
    reader.file_.seekg(begin + std::streamoff(size + size % 2));
  }
  return bad("it has no samples");
}

bool WavReader::Read(std::span<float> out) {
  const size_t sample_bytes = floats_ ? 4 : 2;
  const auto wanted = static_cast<int64_t>(out.size() * sample_bytes);
  std::vector<char> bytes(static_cast<size_t>(wanted));
  if (left_bytes_ < wanted || !file_.read(bytes.data(), wanted)) {
    file_.clear();
    file_.seekg(first_sample_);
    left_bytes_ = data_bytes_;
    return false;
  }
  left_bytes_ -= wanted;
  for (size_t i = 0; i < out.size(); ++i) {
    const char* at = bytes.data() + i * sample_bytes;
    out[i] = floats_ ? Little<float>(at) : static_cast<float>(Little<int16_t>(at)) / 32768.0f;
  }
  return true;
}

Result<WavWriter> WavWriter::Create(const std::string& path, int channels) {
  WavWriter writer;
  writer.channels_ = channels;
  writer.file_.open(path, std::ios::binary);
  if (!writer.file_) return Fail(ErrorCode::kNotFound, "cannot write " + path);
  writer.WriteHeader();
  return writer;
}

void WavWriter::WriteHeader() {
  const auto channels = static_cast<uint16_t>(channels_);
  // A file too long for its header is read up to the end all the same.
  const auto data = static_cast<uint32_t>(std::min<int64_t>(data_bytes_, UINT32_MAX - 36));
  std::string header = "RIFF";
  Put<uint32_t>(header, 36 + data);
  header += "WAVEfmt ";
  Put<uint32_t>(header, 16);
  Put<uint16_t>(header, kPcm);
  Put<uint16_t>(header, channels);
  Put<uint32_t>(header, kOpusSampleRate);
  Put<uint32_t>(header, uint32_t{kOpusSampleRate} * channels * 2);
  Put<uint16_t>(header, static_cast<uint16_t>(channels * 2));
  Put<uint16_t>(header, 16);
  header += "data";
  Put<uint32_t>(header, data);
  file_.write(header.data(), static_cast<std::streamsize>(header.size()));
}

void WavWriter::Write(std::span<const float> interleaved) {
  std::string bytes;
  bytes.reserve(interleaved.size() * 2);
  for (const float sample : interleaved) {
    Put<int16_t>(bytes, static_cast<int16_t>(std::lround(std::clamp(sample, -1.0f, 1.0f) * 32767)));
  }
  file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  data_bytes_ += static_cast<int64_t>(bytes.size());
}

void WavWriter::Finish() {
  file_.seekp(0);
  WriteHeader();
  file_.flush();
}

}  // namespace ferry::client
