// Ogg files of Opus (RFC 3533, RFC 7845): the packets of the first stream, and their samples.
#pragma once

#include <cstdint>
#include <deque>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "core/audio/opus_decoder.h"
#include "core/base/error.h"

namespace ferry::client {

class OggOpusReader {
 public:
  // Larger packets end the file: RFC 7845 §6 lets a reader refuse more than 61 440 bytes a channel.
  static constexpr size_t kMaxPacketBytes = 61'440;

  static Result<OggOpusReader> Open(const std::string& path);

  int channels() const { return channels_; }
  // The next Opus packet. False at the end, also of a page that is cut short; the next call begins
  // anew.
  bool ReadPacket(std::vector<uint8_t>& packet);
  // Interleaved samples of 48 kHz, the decoder's start-up left out. False at the end, when fewer
  // are left; the next call begins anew.
  bool Read(std::span<float> out);

 private:
  explicit OggOpusReader(OpusDecoder decoder) : decoder_(std::move(decoder)) {}
  bool NextPacket(std::vector<uint8_t>& packet);
  bool ReadPage();
  void Rewind();

  std::ifstream file_;
  OpusDecoder decoder_;
  int channels_ = 0;
  size_t pre_skip_ = 0;                       // samples per channel to leave out at the beginning
  size_t skip_ = 0;                           // of them still to come
  std::deque<std::vector<uint8_t>> packets_;  // of the page read last
  std::vector<uint8_t> unfinished_;           // goes on in the next page
  std::vector<float> samples_;                // decoded and not yet read
};

}  // namespace ferry::client
