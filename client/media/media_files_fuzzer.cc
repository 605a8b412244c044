// A file of any kind that is published: its type, its headers, and two passes through it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "client/media/file_type.h"
#include "client/media/ivf.h"
#include "client/media/ogg_opus.h"
#include "client/media/wav.h"
#include "client/media/y4m.h"
#include "core/base/testing/check.h"

namespace {

using namespace ferry::client;
using ferry::Check;

// Both passes come to an end, and are alike.
template <typename Reader, typename Count>
void ReadTwice(Reader& reader, const Count& count) {
  const size_t first = count();
  reader.Rewind();
  Check(count() == first);
  Check(reader.notes().Take().size() <= FileNotes::kMaxNotes + 1);
}

template <typename Reader>
void ReadSound(Reader& reader) {
  ReadTwice(reader, [&] {
    std::array<float, 960> block;
    size_t samples = 0;
    for (size_t got = block.size(); got == block.size(); samples += got) {
      got = reader.Read(block);
      for (const float sample : std::span(block).first(got)) {
        Check(sample >= -1.0f && sample <= 1.0f);
      }
    }
    return samples;
  });
}

// Makes the checksums of what look like pages right, without which little of them is read.
std::string Mended(std::string bytes) {
  constexpr size_t kHeader = 27, kChecksum = 22;
  for (size_t at = 0; (at = bytes.find("OggS", at)) != bytes.npos; at += 4) {
    if (bytes.size() < at + kHeader) break;
    const size_t segments = static_cast<uint8_t>(bytes[at + kHeader - 1]);
    size_t page = kHeader + segments;
    if (bytes.size() < at + page) continue;
    for (size_t i = 0; i < segments; ++i) page += static_cast<uint8_t>(bytes[at + kHeader + i]);
    if (bytes.size() < at + page) continue;
    for (size_t i = 0; i < 4; ++i) bytes[at + kChecksum + i] = 0;
    const uint32_t checksum =
        OggChecksum({reinterpret_cast<const uint8_t*>(bytes.data()) + at, page});
    for (size_t i = 0; i < 4; ++i) bytes[at + kChecksum + i] = static_cast<char>(checksum >> 8 * i);
  }
  return bytes;
}

void ReadFile(std::string bytes) {
  InputFile file = InputFile::FromBytes("x", std::move(bytes));
  switch (TypeOf(file).type) {
    case FileType::kY4m:
      if (auto reader = Y4mReader::Open(std::move(file))) {
        ReadTwice(*reader, [&] {
          ferry::I420Buffer picture;
          size_t pictures = 0;
          while (reader->Read(picture)) ++pictures;
          return pictures;
        });
      }
      break;
    case FileType::kIvf:
      if (auto reader = IvfReader::Open(std::move(file))) {
        Check(reader->peak_bitrate()->bps() >= 1000);
        ReadTwice(*reader, [&] {
          size_t frames = 0;
          uint64_t last = 0;
          for (IvfFrame frame; reader->Read(frame); ++frames, last = frame.timestamp) {
            Check(!frame.data.empty());
            Check(reader->Interval(last, frame.timestamp) >= IvfReader::kMinInterval);
          }
          return frames;
        });
      }
      break;
    case FileType::kWav:
      if (auto reader = WavReader::Open(std::move(file))) ReadSound(*reader);
      break;
    case FileType::kOgg:
      if (auto reader = OggOpusReader::Open(std::move(file))) ReadSound(*reader);
      break;
    case FileType::kOther:
      break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ReadFile(bytes);
  if (bytes.starts_with("OggS")) ReadFile(Mended(bytes));
  return 0;
}
