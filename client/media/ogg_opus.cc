#include "client/media/ogg_opus.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace ferry::client {
namespace {

constexpr size_t kPageHeaderBytes = 27;
// RFC 7845 §5.1: magic, version, channels, pre-skip, rate, gain, mapping family.
constexpr size_t kOpusHeadBytes = 19;

bool StartsWith(const std::vector<uint8_t>& packet, std::string_view magic) {
  return packet.size() >= magic.size() && std::equal(magic.begin(), magic.end(), packet.begin());
}

}  // namespace

Result<OggOpusReader> OggOpusReader::Open(const std::string& path) {
  const auto bad = [&](const char* why) {
    return Fail(ErrorCode::kMalformed, path + " is no Ogg Opus file that is understood: " + why);
  };
  // The head tells the channels; until then any decoder will do.
  auto placeholder = OpusDecoder::Create(1);
  if (!placeholder) return std::unexpected(placeholder.error());
  OggOpusReader reader(std::move(*placeholder));
  reader.file_.open(path, std::ios::binary);
  if (!reader.file_) return Fail(ErrorCode::kNotFound, "cannot read " + path);
  std::vector<uint8_t> head, tags;
  if (!reader.NextPacket(head) || !StartsWith(head, "OpusHead") || head.size() < kOpusHeadBytes) {
    return bad("it does not begin with OpusHead");
  }
  reader.channels_ = head[9];
  if (reader.channels_ < 1 || reader.channels_ > 2 || head[18] != 0) {
    return bad("it has more than two channels");
  }
  reader.pre_skip_ = head[10] | size_t{head[11]} << 8;
  if (!reader.NextPacket(tags) || !StartsWith(tags, "OpusTags")) return bad("it has no OpusTags");
  auto decoder = OpusDecoder::Create(reader.channels_);
  if (!decoder) return std::unexpected(decoder.error());
  reader.decoder_ = std::move(*decoder);
  reader.Rewind();
  return reader;
}

void OggOpusReader::Rewind() {
  file_.clear();
  file_.seekg(0);
  packets_.clear();
  unfinished_.clear();
  samples_.clear();
  decoder_.Reset();
  skip_ = pre_skip_;
  std::vector<uint8_t> header;
  for (int i = 0; i < 2; ++i) static_cast<void>(NextPacket(header));
}

bool OggOpusReader::ReadPage() {
  std::array<char, kPageHeaderBytes> header{};
  if (!file_.read(header.data(), header.size())) return false;
  if (std::string_view(header.data(), 4) != "OggS" || header[4] != 0) return false;
  std::array<uint8_t, 255> lacing{};
  const size_t segments = static_cast<uint8_t>(header[26]);
  if (!file_.read(reinterpret_cast<char*>(lacing.data()), static_cast<std::streamsize>(segments))) {
    return false;
  }
  for (const uint8_t bytes : std::span(lacing).first(segments)) {
    const size_t before = unfinished_.size();
    unfinished_.resize(before + bytes);
    if (!file_.read(reinterpret_cast<char*>(unfinished_.data() + before), bytes)) return false;
    if (unfinished_.size() > kMaxPacketBytes) return false;
    // RFC 3533 §6: a segment of fewer than 255 bytes is its packet's last.
    if (bytes < 255) packets_.push_back(std::exchange(unfinished_, {}));
  }
  return true;
}

bool OggOpusReader::NextPacket(std::vector<uint8_t>& packet) {
  while (packets_.empty()) {
    if (!ReadPage()) return false;
  }
  packet = std::move(packets_.front());
  packets_.pop_front();
  return true;
}

bool OggOpusReader::ReadPacket(std::vector<uint8_t>& packet) {
  if (NextPacket(packet)) return true;
  Rewind();
  return false;
}

bool OggOpusReader::Read(std::span<float> out) {
  const auto channels = static_cast<size_t>(channels_);
  std::array<float, 2 * kMaxOpusPacketSamples> decoded;
  std::vector<uint8_t> packet;
  while (samples_.size() < out.size()) {
    if (!ReadPacket(packet)) return false;
    // A damaged packet is as long as nothing; what follows is heard.
    const size_t got = decoder_.Decode(packet, decoded).value_or(0);
    const size_t skipped = std::min(skip_, got);
    skip_ -= skipped;
    samples_.insert(samples_.end(), decoded.begin() + static_cast<ptrdiff_t>(skipped * channels),
                    decoded.begin() + static_cast<ptrdiff_t>(got * channels));
  }
  const auto end = samples_.begin() + static_cast<ptrdiff_t>(out.size());
  std::copy(samples_.begin(), end, out.begin());
  samples_.erase(samples_.begin(), end);
  return true;
}

}  // namespace ferry::client
