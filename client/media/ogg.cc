#include "client/media/ogg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "client/media/little_endian.h"

namespace ferry::client {
namespace {

constexpr std::string_view kMagic = "OggS";
constexpr size_t kHeaderBytes = 27;
constexpr size_t kChecksumAt = 22;
constexpr size_t kMaxPageBytes = kHeaderBytes + 255 + 255 * 255;

constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i << 24;
    for (int bit = 0; bit < 8; ++bit) {
      value = value << 1 ^ ((value & 0x8000'0000) != 0 ? 0x04C1'1DB7 : 0);
    }
    table[i] = value;
  }
  return table;
}
constexpr auto kTable = MakeTable();

uint32_t Extend(uint32_t checksum, ByteSpan bytes) {
  for (const uint8_t byte : bytes) checksum = checksum << 8 ^ kTable[(checksum >> 24) ^ byte];
  return checksum;
}

}  // namespace

uint32_t OggChecksum(ByteSpan page) { return Extend(0, page); }

bool OggPages::Next(OggPage& page) {
  const uint64_t begin = file_.position();
  bool found = false;
  while (!(found = ReadHere(page)) && !file_.AtEnd()) PassOver();
  const uint64_t end = found ? page.offset : file_.position();
  if (end > begin) {
    notes_.Damage(fmt::format("{} bytes at byte {} are no whole Ogg page: damaged{}, left out",
                              end - begin, begin, found ? "" : " or cut short"));
  }
  return found;
}

bool OggPages::ReadHere(OggPage& page) {
  const ByteSpan header = file_.Peek(kHeaderBytes);
  if (header.size() < kHeaderBytes || header[4] != 0 ||
      !std::equal(kMagic.begin(), kMagic.end(), header.begin())) {
    return false;
  }
  const size_t head = kHeaderBytes + header[26];
  const ByteSpan lacing = file_.Peek(head);
  if (lacing.size() < head) return false;
  const size_t size = std::accumulate(lacing.begin() + kHeaderBytes, lacing.end(), head);
  const ByteSpan whole = file_.Peek(size);
  if (whole.size() < size) return false;
  constexpr std::array<uint8_t, 4> kZeros{};
  const uint32_t checksum =
      Extend(Extend(OggChecksum(whole.first(kChecksumAt)), kZeros), whole.subspan(kChecksumAt + 4));
  if (checksum != LittleEndian<uint32_t>(whole, kChecksumAt)) return false;
  page.offset = file_.position();
  page.continued = (whole[5] & 1) != 0;
  page.begins = (whole[5] & 2) != 0;
  page.ends = (whole[5] & 4) != 0;
  page.granule = static_cast<int64_t>(LittleEndian<uint64_t>(whole, 6));
  page.serial = LittleEndian<uint32_t>(whole, 14);
  page.sequence = LittleEndian<uint32_t>(whole, 18);
  page.lacing.assign(whole.begin() + kHeaderBytes, whole.begin() + static_cast<ptrdiff_t>(head));
  page.body.assign(whole.begin() + static_cast<ptrdiff_t>(head), whole.end());
  file_.Skip(size);
  return true;
}

void OggPages::PassOver() {
  const ByteSpan bytes = file_.Peek(kMaxPageBytes);
  const auto next =
      std::search(bytes.begin() + 1, bytes.end(), kMagic.begin(), kMagic.end()) - bytes.begin();
  // Of a magic that the end of these bytes may have cut, the beginning stays.
  const bool more = bytes.size() == kMaxPageBytes;
  const bool found = static_cast<size_t>(next) < bytes.size();
  file_.Skip(found || !more ? static_cast<uint64_t>(next) : bytes.size() - (kMagic.size() - 1));
}

}  // namespace ferry::client
