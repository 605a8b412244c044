#include "client/media/file_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace ferry::client {
namespace {

// RFC 3533 lets readers find their way into a stream; so far it is looked for.
constexpr size_t kMaxJunk = 64 * 1024;
constexpr size_t kMagicBytes = 16;

struct Magic {
  size_t offset;
  std::string_view bytes;
  FileType type;
  std::string_view name;
};
using enum FileType;
constexpr std::array<Magic, 16> kMagics = {{
    {0, "YUV4MPEG2", kY4m, "a Y4M file"},
    {0, "DKIF", kIvf, "an IVF file"},
    {8, "WAVE", kWav, "a WAV file"},
    {0, "OggS", kOgg, "an Ogg file"},
    {8, "AVI ", kOther, "an AVI file"},
    {4, "ftyp", kOther, "an MP4 or QuickTime file"},
    {0, "\x1A\x45\xDF\xA3", kOther, "a WebM or Matroska file"},
    {0, "fLaC", kOther, "a FLAC file"},
    {0, "ID3", kOther, "an MP3 file"},
    {0, "\xFF\xFB", kOther, "an MP3 file"},
    {0, "FLV", kOther, "an FLV file"},
    {0, "FORM", kOther, "an AIFF file"},
    {0, ".snd", kOther, "an AU file"},
    {0, "\x89PNG", kOther, "a PNG picture"},
    {0, "\xFF\xD8\xFF", kOther, "a JPEG picture"},
    {0, "GIF8", kOther, "a GIF picture"},
}};

}  // namespace

FileFacts TypeOf(InputFile& file) {
  const auto text = [&](size_t size) {
    const ByteSpan bytes = file.Peek(size);
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const std::string_view head = text(kMagicBytes);
  if (head.empty()) return {kOther, "empty"};
  // Relatives of RIFF WAVE that lie otherwise.
  if (head.starts_with("RF64") || head.starts_with("BW64")) {
    return {kOther, "an RF64 file, WAV of more than 4 GB"};
  }
  if (head.starts_with("RIFX")) return {kOther, "an RIFX file, WAV of the other byte order"};
  for (const Magic& magic : kMagics) {
    if (head.size() >= magic.offset && head.substr(magic.offset).starts_with(magic.bytes) &&
        (magic.offset != 8 || head.starts_with("RIFF"))) {
      return {magic.type, std::string(magic.name)};
    }
  }
  if (text(kMaxJunk).find("OggS") != std::string_view::npos) return {kOgg, "an Ogg file"};
  return {kOther, "of a kind that is not known"};
}

}  // namespace ferry::client
