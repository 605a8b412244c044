#include "client/media/ogg_opus.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "client/media/little_endian.h"

namespace ferry::client {
namespace {

// RFC 7845 §5.1: magic, version, channels, pre-skip, rate, gain, mapping family.
constexpr size_t kOpusHeadBytes = 19;
constexpr std::string_view kHeadMagic = "OpusHead";
constexpr std::string_view kTagsMagic = "OpusTags";
// Positions beyond are no positions: half a million years.
constexpr int64_t kMaxGranule = int64_t{1} << 60;

bool StartsWith(ByteSpan bytes, std::string_view magic) {
  return bytes.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; });
}

std::string_view StreamName(ByteSpan first_packet) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kNames = {{
      {kHeadMagic, "Opus"},
      {{"\x01vorbis", 7}, "Vorbis"},
      {{"\x80theora", 7}, "Theora"},
      {"Speex   ", "Speex"},
      {"\x7f"
       "FLAC",
       "FLAC"},
      {"OVP80", "VP8"},
      {{"fishead\0", 8}, "a Skeleton"},
      {"CMML", "CMML"},
      {{"\x80kate", 5}, "Kate"},
  }};
  for (const auto& [magic, name] : kNames) {
    if (StartsWith(first_packet, magic)) return name;
  }
  return "a codec that is not known";
}

}  // namespace

Result<OggOpusReader> OggOpusReader::Open(InputFile file) {
  // The head tells the channels; until then any decoder will do.
  auto placeholder = OpusDecoder::Create(1);
  if (!placeholder) return std::unexpected(placeholder.error());
  OggOpusReader reader(std::move(file), std::move(*placeholder));
  if (auto read = reader.ReadHeaders(); !read) return std::unexpected(read.error());
  auto decoder = OpusDecoder::Create(reader.channels_);
  if (!decoder) return std::unexpected(decoder.error());
  reader.decoder_ = std::move(*decoder);
  return reader;
}

std::unexpected<Error> OggOpusReader::Bad(ErrorCode code, const std::string& why) {
  std::string text = pages_.file().name() + ": " + why;
  // What is wrong with it may be why.
  for (const FileNote& note : notes().Take()) text += "; " + note.text;
  return Fail(code, text);
}

Result<void> OggOpusReader::ReadHeaders() {
  const auto head = FindStream();
  if (!head) return std::unexpected(head.error());
  if (auto read = ReadHead(*head); !read) return read;
  state_.skip = pre_skip_;
  state_.last_sequence = head->sequence;
  const auto end = [this] { return pages_.file().position(); };
  while (!state_.tags_read) {
    if (!ReadPage()) {
      return Bad(ErrorCode::kTruncated,
                 fmt::format("it ends at byte {}, before its OpusTags", end()));
    }
  }
  if (!state_.tags_good) {
    return Bad(ErrorCode::kMalformed, "what follows its OpusHead is no OpusTags");
  }
  while (state_.packets.empty()) {
    if (!ReadPage()) {
      return Bad(
          ErrorCode::kMalformed,
          fmt::format("there is no sound in it, it ends at byte {} without an Opus packet", end()));
    }
  }
  return {};
}

// RFC 3533 §6: the first pages of all streams come before all others.
Result<OggPage> OggOpusReader::FindStream() {
  std::optional<OggPage> head;
  std::string others;
  size_t streams = 0;
  OggPage page;
  bool more = false;
  while ((more = pages_.Next(page)) && page.begins) {
    if (!head && StartsWith(page.body, kHeadMagic)) {
      head = page;
    } else if (++streams <= kMaxNamedStreams) {
      others += (others.empty() ? "" : ", ") + std::string(StreamName(page.body));
    }
  }
  if (head) {
    if (more) state_.waiting = std::move(page);
    if (!others.empty()) {
      notes().Remark("the first stream of Opus is played, what else it carries is left out: " +
                     others);
    }
    serial_ = head->serial;
    return std::move(*head);
  }
  if (others.empty()) {
    return Bad(ErrorCode::kMalformed,
               more ? fmt::format("it begins within a stream, at byte {} there is "
                                  "a page that is not the first",
                                  page.offset)
                    : "there is no whole Ogg page in it");
  }
  return Bad(
      ErrorCode::kUnsupported,
      fmt::format("it carries {}, not Opus; make it over: ffmpeg -i {} -c:a libopus OUT.opus",
                  others, pages_.file().name()));
}

Result<void> OggOpusReader::ReadHead(const OggPage& page) {
  const ByteSpan head(page.body);
  const auto convert = [&](const std::string& why, const char* how) {
    return Bad(ErrorCode::kUnsupported,
               fmt::format("{}; make it over: ffmpeg -i {} {}-c:a libopus OUT.opus", why,
                           pages_.file().name(), how));
  };
  if (head.size() < kOpusHeadBytes) {
    return Bad(ErrorCode::kMalformed, fmt::format("its OpusHead has {} bytes, fewer than {}",
                                                  head.size(), kOpusHeadBytes));
  }
  // §5.1: the upper half tells of what no reader of today can read.
  if (head[8] >> 4 != 0) {
    return Bad(ErrorCode::kUnsupported, fmt::format("its OpusHead is of version {}", head[8]));
  }
  const int channels = head[9];
  const int family = head[18];
  if (channels == 0) return Bad(ErrorCode::kMalformed, "its OpusHead tells of 0 channels");
  if (channels > 2) {
    return convert(fmt::format("it has {} channels, more than two", channels), "-ac 2 ");
  }
  if (family != 0) {
    return convert(fmt::format("its channels are of mapping family {}, not 0", family), "");
  }
  channels_ = channels;
  pre_skip_ = LittleEndian<uint16_t>(head, 10);
  // In dB, of 8 bits after the point.
  const auto gain = static_cast<int16_t>(LittleEndian<uint16_t>(head, 16));
  gain_ = static_cast<float>(std::pow(10.0, gain / (20.0 * 256)));
  return {};
}

void OggOpusReader::Rewind() {
  pages_.Rewind();
  state_ = {};
  decoder_.Reset();
  // As the first time; a file that has changed meanwhile has no packets.
  if (!ReadHeaders()) state_.packets.clear();
}

bool OggOpusReader::ReadPage() {
  OggPage page;
  while (true) {
    if (state_.waiting) {
      page = *std::exchange(state_.waiting, std::nullopt);
    } else if (!pages_.Next(page)) {
      break;
    }
    if (page.begins) {
      notes().Damage(
          fmt::format("at byte {} another stream follows (a chained file), which is left out; "
                      "make it one: ffmpeg -i {} -c:a libopus OUT.opus",
                      page.offset, pages_.file().name()));
      state_.ended = true;
      return false;
    }
    if (page.serial != serial_ || state_.ended) continue;
    Unpack(page);
    return true;
  }
  if (!std::exchange(state_.ended, true)) {
    notes().Damage(fmt::format("it ends at byte {} without the page that says so: cut short",
                               pages_.file().position()));
  }
  return false;
}

void OggOpusReader::DropPacket() {
  state_.in_packet = false;
  state_.unfinished.clear();
  state_.unfinished_bytes = 0;
}

void OggOpusReader::Unpack(const OggPage& page) {
  const bool lost = state_.last_sequence && page.sequence != *state_.last_sequence + 1;
  if (lost) {
    notes().Damage(fmt::format("pages are missing before byte {}", page.offset));
    DropPacket();
  } else if (page.continued != state_.in_packet) {
    notes().Damage(fmt::format("at byte {} a packet has no {}", page.offset,
                               state_.in_packet ? "end" : "beginning"));
    DropPacket();
  }
  state_.last_sequence = page.sequence;
  bool without_beginning = page.continued && !state_.in_packet;
  ByteSpan rest(page.body);
  for (const uint8_t size : page.lacing) {
    const ByteSpan segment = rest.first(size);
    rest = rest.subspan(size);
    if (!without_beginning) {
      const size_t room = kMaxPacketBytes - state_.unfinished.size();
      state_.unfinished.insert(
          state_.unfinished.end(), segment.begin(),
          segment.begin() + static_cast<ptrdiff_t>(std::min(room, segment.size())));
      state_.unfinished_bytes += size;
      state_.in_packet = true;
    }
    // RFC 3533 §6: a segment of fewer than 255 bytes is its packet's last.
    if (size == 255) continue;
    if (!without_beginning) FinishPacket(page.offset);
    without_beginning = false;
    DropPacket();
  }
  if (lost) state_.granule_start.reset();
  Trim(page, lost);
  state_.ended = page.ends;
}

void OggOpusReader::FinishPacket(uint64_t page) {
  if (!state_.tags_read) {
    state_.tags_read = true;
    state_.tags_good = StartsWith(state_.unfinished, kTagsMagic);
    return;
  }
  if (state_.unfinished_bytes > kMaxPacketBytes) {
    notes().Damage(fmt::format("in the page at byte {} there is a packet of {} bytes: left out",
                               page, state_.unfinished_bytes));
    return;
  }
  const auto info = ParseOpusPacket(state_.unfinished);
  if (!info) {
    notes().Damage(
        fmt::format("in the page at byte {} there is {}: left out", page, info.error().message));
    return;
  }
  const auto samples = static_cast<size_t>(info->samples);
  state_.packets.push_back({std::exchange(state_.unfinished, {}), page, samples, samples});
}

// RFC 7845 §4.4, §4.5: positions count from where the first page's samples begin, and the last
// page's may be before its samples' end.
void OggOpusReader::Trim(const OggPage& page, bool after_gap) {
  int64_t here = 0;
  for (const OpusFilePacket& packet : state_.packets) here += static_cast<int64_t>(packet.samples);
  if (page.granule >= 0 && page.granule < kMaxGranule && here > 0) {
    if (!page.ends) {
      state_.granule_start = page.granule - state_.samples_before - here;
    } else if (state_.granule_start || (state_.samples_before == 0 && !after_gap)) {
      int64_t left = page.granule - state_.granule_start.value_or(0) - state_.samples_before;
      for (OpusFilePacket& packet : state_.packets) {
        packet.kept =
            static_cast<size_t>(std::clamp<int64_t>(left, 0, static_cast<int64_t>(packet.samples)));
        left -= static_cast<int64_t>(packet.samples);
      }
    }
  }
  state_.samples_before += here;
}

bool OggOpusReader::ReadPacket(OpusFilePacket& packet) {
  while (state_.packets.empty()) {
    if (!ReadPage()) return false;
  }
  packet = std::move(state_.packets.front());
  state_.packets.pop_front();
  return true;
}

size_t OggOpusReader::Read(std::span<float> out) {
  const auto channels = static_cast<size_t>(channels_);
  std::array<float, 2 * kMaxOpusPacketSamples> decoded;
  std::vector<float>& samples = state_.samples;
  OpusFilePacket packet;
  while (samples.size() < out.size() && ReadPacket(packet)) {
    auto got = decoder_.Decode(packet.bytes, decoded);
    if (!got) {
      notes().Damage(fmt::format("in the page at byte {} there is a packet that cannot be decoded",
                                 packet.page));
      got = decoder_.Conceal(packet.samples, decoded);
    }
    const size_t kept = std::min(got.value_or(0), packet.kept);
    const size_t skipped = std::min(state_.skip, kept);
    state_.skip -= skipped;
    for (size_t i = skipped * channels; i < kept * channels; ++i) {
      samples.push_back(std::clamp(decoded[i] * gain_, -1.0f, 1.0f));
    }
  }
  const size_t taken = std::min(out.size(), samples.size());
  const auto end = samples.begin() + static_cast<ptrdiff_t>(taken);
  std::copy(samples.begin(), end, out.begin());
  samples.erase(samples.begin(), end);
  return taken;
}

}  // namespace ferry::client
