// Ogg files of Opus, byte by byte.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "client/media/ogg.h"

namespace ferry::client::testing {

struct OggPageFacts {
  int64_t granule = -1;
  bool open = false;  // the last packet goes on in the next page
  bool last = false;  // of the stream
};

// The pages of one stream in their order.
class OggStream {
 public:
  explicit OggStream(uint32_t serial = 7) : serial_(serial) {}

  std::string Page(const std::vector<std::string>& packets, const OggPageFacts& facts = {}) {
    std::string lacing, body;
    for (size_t i = 0; i < packets.size(); ++i) {
      lacing += std::string(packets[i].size() / 255, '\xFF');
      if (!facts.open || i + 1 < packets.size()) {
        lacing += static_cast<char>(packets[i].size() % 255);
      }
      body += packets[i];
    }
    const int flags = (open_ ? 1 : 0) | (sequence_ == 0 ? 2 : 0) | (facts.last ? 4 : 0);
    open_ = facts.open;
    std::string page = "OggS" + std::string(1, '\0') + static_cast<char>(flags);
    Put(page, static_cast<uint64_t>(facts.granule), 8);
    Put(page, serial_, 4);
    Put(page, sequence_++, 4);
    Put(page, 0, 4);
    page += static_cast<char>(lacing.size()) + lacing + body;
    std::string checksum;
    Put(checksum, OggChecksum({reinterpret_cast<const uint8_t*>(page.data()), page.size()}), 4);
    return page.replace(22, 4, checksum);
  }
  // A page that is nowhere.
  void Lose() { ++sequence_; }

 private:
  static void Put(std::string& out, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i);
  }

  const uint32_t serial_;
  uint32_t sequence_ = 0;
  bool open_ = false;
};

// Pages one after the other. Unlike the operands of +, what stands in braces is evaluated in its
// order, and a stream numbers its pages as they are made.
inline std::string InOrder(std::initializer_list<std::string> pages) {
  std::string file;
  for (const std::string& page : pages) file += page;
  return file;
}

// `gain`: in 256ths of a dB.
inline std::string OggHead(int channels, int pre_skip = 0, int gain = 0, int family = 0,
                           int version = 1) {
  std::string head = "OpusHead";
  for (const int byte : {version, channels, pre_skip & 255, pre_skip >> 8, 0, 0, 0, 0, gain & 255,
                         gain >> 8 & 255, family}) {
    head += static_cast<char>(byte);
  }
  return head;
}
inline const std::string kOggTags = "OpusTags" + std::string(8, '\0');

// A packet of one frame of 20 ms (RFC 6716 §3.1: CELT, full band) of these bytes.
inline std::string OpusPacketOf(const std::string& bytes) { return "\xF8" + bytes; }

// A whole file of these packets.
inline std::string OggFile(const std::vector<std::string>& packets,
                           const std::string& head = OggHead(1), int64_t granule = -1) {
  OggStream stream;
  std::string file = InOrder({stream.Page({head}), stream.Page({kOggTags})});
  return file + stream.Page(packets, {.granule = granule, .last = true});
}

}  // namespace ferry::client::testing
