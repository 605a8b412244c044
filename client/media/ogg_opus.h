// Ogg files of Opus (RFC 7845): the packets of the first such stream, and their samples.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "client/media/ogg.h"
#include "core/audio/opus_decoder.h"
#include "core/base/error.h"

namespace ferry::client {

struct OpusFilePacket {
  std::vector<uint8_t> bytes;  // of valid framing
  uint64_t page = 0;           // where in the file its page begins
  size_t samples = 0;          // per channel
  size_t kept = 0;             // of them before the sound's end, which the file may put within
};

class OggOpusReader {
 public:
  // Larger packets are left out: RFC 7845 §6 lets a reader refuse more than 61 440 bytes a channel.
  // Comments, with their cover art, may be of any size.
  static constexpr size_t kMaxPacketBytes = 61'440;
  // Other streams that are told by name.
  static constexpr size_t kMaxNamedStreams = 8;

  // Fails for other codecs, more than two channels, and where no packet follows the headers. Other
  // streams beside the first of Opus are left out, with a note.
  static Result<OggOpusReader> Open(InputFile file);

  int channels() const { return channels_; }
  bool rewindable() const { return pages_.file().seekable(); }
  // Samples per channel to leave out at the beginning.
  size_t pre_skip() const { return pre_skip_; }
  // What samples are to be multiplied with.
  float gain() const { return gain_; }
  FileNotes& notes() { return pages_.notes(); }

  // The next packet. False at the end, of which there is a note when it comes too early.
  bool ReadPacket(OpusFilePacket& packet);
  // Interleaved samples of 48 kHz, with the file's gain and without what it says to leave out at
  // the beginning and the end; how many: fewer than fit at the end only.
  size_t Read(std::span<float> out);
  void Rewind();

 private:
  // Where the reader is in the file.
  struct State {
    std::optional<OggPage> waiting;  // read ahead
    std::optional<uint32_t> last_sequence;
    bool ended = false;                    // by the page that says so
    bool tags_read = false;                // the second header
    bool tags_good = false;                // and it was one
    bool in_packet = false;                // that goes on in the next page
    std::vector<uint8_t> unfinished;       // its beginning
    size_t unfinished_bytes = 0;           // those over the bound included
    std::deque<OpusFilePacket> packets;    // of the page read last
    int64_t samples_before = 0;            // of earlier pages
    std::optional<int64_t> granule_start;  // what positions count from, where it is known
    size_t skip = 0;                       // samples per channel still to leave out
    std::vector<float> samples;            // decoded and not yet read
  };

  OggOpusReader(InputFile file, OpusDecoder decoder)
      : pages_(std::move(file)), decoder_(std::move(decoder)) {}
  std::unexpected<Error> Bad(ErrorCode code, const std::string& why);
  Result<void> ReadHeaders();
  Result<OggPage> FindStream();
  Result<void> ReadHead(const OggPage& page);
  bool ReadPage();
  void Unpack(const OggPage& page);
  void FinishPacket(uint64_t page);
  void DropPacket();
  void Trim(const OggPage& page, bool after_gap);

  OggPages pages_;
  OpusDecoder decoder_;
  int channels_ = 0;
  size_t pre_skip_ = 0;
  float gain_ = 1;
  uint32_t serial_ = 0;
  State state_;
};

}  // namespace ferry::client
