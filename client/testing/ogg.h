// Ogg files of Opus, byte by byte.
#pragma once

#include <string>
#include <vector>

namespace ferry::client::testing {

// A page that ends its packets, but for the last when `open`.
inline std::string OggPage(const std::vector<std::string>& packets, bool open = false) {
  std::string lacing, body;
  for (size_t i = 0; i < packets.size(); ++i) {
    lacing += std::string(packets[i].size() / 255, '\xFF');
    if (!open || i + 1 < packets.size()) lacing += static_cast<char>(packets[i].size() % 255);
    body += packets[i];
  }
  return "OggS" + std::string(22, '\0') + static_cast<char>(lacing.size()) + lacing + body;
}

inline std::string OggHead(char channels, char pre_skip_high = 0) {
  return std::string("OpusHead\x01") + channels + std::string({0, pre_skip_high}) +
         std::string(7, '\0');
}
inline const std::string kOggTags = "OpusTags" + std::string(8, '\0');

}  // namespace ferry::client::testing
