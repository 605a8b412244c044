// Opus decoder (RFC 6716) to 48 kHz interleaved float, with its two ways to mend a loss: the
// low-bitrate copy in the next packet (in-band FEC) and concealment.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "core/base/bytes.h"
#include "core/base/error.h"

struct OpusDecoder;  // libopus's

namespace ferry {

// Samples per channel of the longest packet, 120 ms (RFC 6716 §3.4, R5).
inline constexpr size_t kMaxOpusPacketSamples = 5760;

// What a packet says about itself, without decoding it.
struct OpusPacketInfo {
  int samples = 0;       // per channel, at 48 kHz
  int channels = 0;      // as coded; the decoder gives its own number whatever this is
  bool has_fec = false;  // carries a copy of the audio before it
};
Result<OpusPacketInfo> ParseOpusPacket(ByteSpan packet);

class OpusDecoder {
 public:
  // `channels` 1 or 2: what comes out; mono packets are doubled and stereo ones mixed as needed.
  static Result<OpusDecoder> Create(int channels);
  OpusDecoder(OpusDecoder&&) noexcept;
  OpusDecoder& operator=(OpusDecoder&&) noexcept;
  ~OpusDecoder();

  // Each returns the samples per channel written to `out` (interleaved). `Decode` needs room for
  // the packet's samples; a corrupt packet is an Error and leaves the decoder usable.
  Result<size_t> Decode(ByteSpan packet, std::span<float> out);
  // The `samples` before `next_packet`, from the copy it carries (or concealed where it has none).
  Result<size_t> DecodeFec(ByteSpan next_packet, size_t samples, std::span<float> out);
  // Invents `samples` (a multiple of 120, at most 5760) that continue what was decoded last.
  Result<size_t> Conceal(size_t samples, std::span<float> out);

  // Forgets the past, as for a sender that started anew.
  void Reset();

  int channels() const { return channels_; }

 private:
  struct Deleter {
    void operator()(::OpusDecoder* decoder) const;
  };
  OpusDecoder(std::unique_ptr<::OpusDecoder, Deleter> decoder, int channels);
  Result<size_t> Run(ByteSpan packet, size_t samples, bool fec, std::span<float> out);

  std::unique_ptr<::OpusDecoder, Deleter> decoder_;
  int channels_;
};

}  // namespace ferry
