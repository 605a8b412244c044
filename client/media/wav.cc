#include "client/media/wav.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string_view>
#include <vector>

#include "client/media/little_endian.h"
#include "core/audio/opus_encoder.h"

namespace ferry::client {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are written as they lie");

// RFC 2361.
constexpr uint16_t kPcm = 1;
constexpr uint16_t kFloat = 3;
constexpr uint16_t kExtensible = 0xFFFE;
constexpr uint32_t kFormatBytes = 16;
constexpr uint32_t kExtensibleBytes = 40;
// What follows the tag in the format of an extensible header, when it is one of the above.
constexpr std::array<uint8_t, 14> kTagGuid = {0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80,
                                              0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71};

template <typename T>
void Put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::string FormatName(uint16_t tag, int bits, int valid_bits) {
  if (tag == kPcm && valid_bits != bits) {
    return fmt::format("integers of {} bits in {}", valid_bits, bits);
  }
  switch (tag) {
    case kPcm:
      return fmt::format("integers of {} bits", bits);
    case kFloat:
      return fmt::format("floating point of {} bits", bits);
    case 0x0002:
      return "Microsoft ADPCM";
    case 0x0006:
      return "A-law";
    case 0x0007:
      return "mu-law";
    case 0x0011:
      return "IMA ADPCM";
    case 0x0031:
      return "GSM 6.10";
    case 0x0050:
    case 0x0055:
      return "MPEG audio";
    default:
      return fmt::format("of format {:#06x}", tag);
  }
}

std::string_view Text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Result<WavReader> WavReader::Open(InputFile file) {
  WavReader reader(std::move(file));
  if (auto read = reader.ReadHeader(); !read) return std::unexpected(read.error());
  return reader;
}

Result<void> WavReader::ReadHeader() {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kMalformed, file_.name() + ": " + why);
  };
  std::array<uint8_t, 12> riff{};
  if (file_.Read(riff) < riff.size() || Text(riff).substr(0, 4) != "RIFF" ||
      Text(riff).substr(8, 4) != "WAVE") {
    return bad("a WAV file begins with RIFF and WAVE, this one does not");
  }
  for (std::array<uint8_t, 8> chunk{}; file_.Read(chunk) == chunk.size();) {
    const std::string_view name = Text(chunk).substr(0, 4);
    const auto size = LittleEndian<uint32_t>(chunk, 4);
    const uint64_t begin = file_.position();
    if (name == "fmt ") {
      if (auto read = ReadFormat(size); !read) return read;
    } else if (name == "data") {
      if (channels_ == 0) return bad("its samples come before their format");
      if (size == 0) {
        return bad(file_.AtEnd()
                       ? fmt::format("there are no samples in it, it ends at byte {}", begin)
                       : fmt::format("its header, at byte {}, tells of 0 bytes of samples, as of a "
                                     "recording that was broken off; mend it: ffmpeg "
                                     "-ignore_length 1 -i {} OUT.wav",
                                     begin - 4, file_.name()));
      }
      if (file_.AtEnd()) {
        return bad(fmt::format("there are no samples in it, it ends at byte {}", begin));
      }
      first_sample_ = begin;
      data_bytes_ = left_bytes_ = size;
      return {};
    }
    // Chunks have even lengths.
    file_.Skip(begin + size + size % 2 - file_.position());
  }
  return bad(fmt::format("it ends at byte {}, before its {}", file_.position(),
                         channels_ == 0 ? "format" : "samples"));
}

Result<void> WavReader::ReadFormat(uint32_t bytes) {
  const auto convert = [&](const std::string& why, const char* how) {
    return Fail(ErrorCode::kUnsupported,
                fmt::format("{}: {}; make it over: ffmpeg -i {} {} OUT.wav", file_.name(), why,
                            file_.name(), how));
  };
  std::array<uint8_t, kExtensibleBytes> format{};
  const size_t wanted = std::min<size_t>(bytes, format.size());
  if (bytes < kFormatBytes || file_.Read(MutableByteSpan(format).first(wanted)) < wanted) {
    return Fail(ErrorCode::kMalformed, fmt::format("{}: its format ends too early, at byte {}",
                                                   file_.name(), file_.position()));
  }
  auto tag = LittleEndian<uint16_t>(format, 0);
  const auto channels = LittleEndian<uint16_t>(format, 2);
  const auto rate = LittleEndian<uint32_t>(format, 4);
  const auto block = LittleEndian<uint16_t>(format, 12);
  const int bits = LittleEndian<uint16_t>(format, 14);
  int valid_bits = bits;
  if (tag == kExtensible) {
    if (bytes < kExtensibleBytes) {
      return Fail(ErrorCode::kMalformed, file_.name() + ": its extensible format is too short");
    }
    valid_bits = LittleEndian<uint16_t>(format, 18);
    tag = LittleEndian<uint16_t>(format, 24);
    if (!std::ranges::equal(kTagGuid, std::span(format).subspan(26))) {
      return convert("its samples are of a format that is not known", "-c:a pcm_s16le");
    }
  }
  floats_ = tag == kFloat;
  if (!(tag == kPcm && bits == 16 && valid_bits <= bits) && !(tag == kFloat && bits == 32)) {
    return convert("its samples are " + FormatName(tag, bits, valid_bits) +
                       ", not 16-bit integers or 32-bit floating point",
                   "-ar 48000 -c:a pcm_s16le");
  }
  if (channels == 0) return Fail(ErrorCode::kMalformed, file_.name() + ": it tells of 0 channels");
  if (channels > 2) {
    return convert(fmt::format("it has {} channels, more than two", channels), "-ar 48000 -ac 2");
  }
  if (block != channels * sample_bytes()) {
    return Fail(ErrorCode::kMalformed,
                fmt::format("{}: it tells of {} bytes for a sample of {} channels and {} bits",
                            file_.name(), block, channels, bits));
  }
  if (rate != uint32_t{kOpusSampleRate}) {
    return convert(fmt::format("its sample rate is {} Hz, not 48 kHz", rate), "-ar 48000");
  }
  channels_ = channels;
  return {};
}

size_t WavReader::Read(std::span<float> out) {
  const size_t block = sample_bytes() * static_cast<size_t>(channels_);
  const size_t samples = out.size() / static_cast<size_t>(channels_);
  std::vector<uint8_t> bytes(std::min<uint64_t>(samples * block, left_bytes_));
  const size_t got = file_.Read(bytes);
  left_bytes_ -= got;
  if (got < bytes.size() && data_bytes_ < kUnknownBytes) {
    notes_.Damage(fmt::format("it ends at byte {}, {} bytes of samples before its header says",
                              file_.position(), left_bytes_));
  }
  if (got < bytes.size()) left_bytes_ = 0;
  if (got % block != 0) {
    notes_.Damage(
        fmt::format("the last sample, at byte {}, is not whole", file_.position() - got % block));
  }
  const size_t whole = got / block * static_cast<size_t>(channels_);
  for (size_t i = 0; i < whole; ++i) {
    if (floats_) {
      const float sample = std::bit_cast<float>(LittleEndian<uint32_t>(bytes, i * 4));
      out[i] = std::isfinite(sample) ? std::clamp(sample, -1.0f, 1.0f) : 0.0f;
    } else {
      out[i] =
          static_cast<float>(static_cast<int16_t>(LittleEndian<uint16_t>(bytes, i * 2))) / 32768.0f;
    }
  }
  return whole;
}

void WavReader::Rewind() {
  file_.SeekTo(first_sample_);
  left_bytes_ = data_bytes_;
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

bool WavWriter::Finish() {
  file_.seekp(0);
  WriteHeader();
  return file_.flush().good();
}

}  // namespace ferry::client
