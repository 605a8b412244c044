#include "core/audio/opus_decoder.h"

#include <opus.h>

#include <string>
#include <utility>

#include "core/audio/opus_encoder.h"

namespace ferry {

Result<OpusPacketInfo> ParseOpusPacket(ByteSpan packet) {
  if (packet.empty()) return Fail(ErrorCode::kTruncated, "an Opus packet of no bytes");
  // The whole framing is checked (RFC 6716 §3.4), not only the first byte: a packet accepted here
  // is one the decoder takes.
  const unsigned char* frames[48];
  opus_int16 sizes[48];
  unsigned char toc = 0;
  const auto length = static_cast<opus_int32>(packet.size());
  const int count = opus_packet_parse(packet.data(), length, &toc, frames, sizes, nullptr);
  if (count <= 0) return Fail(ErrorCode::kMalformed, "an Opus packet with impossible framing");
  OpusPacketInfo info;
  info.samples = opus_packet_get_nb_samples(packet.data(), length, kOpusSampleRate);
  info.channels = opus_packet_get_nb_channels(packet.data());
  info.has_fec = opus_packet_has_lbrr(packet.data(), length) > 0;
  if (info.samples <= 0) return Fail(ErrorCode::kMalformed, "an Opus packet longer than 120 ms");
  return info;
}

void OpusDecoder::Deleter::operator()(::OpusDecoder* decoder) const {
  opus_decoder_destroy(decoder);
}

OpusDecoder::OpusDecoder(std::unique_ptr<::OpusDecoder, Deleter> decoder, int channels)
    : decoder_(std::move(decoder)), channels_(channels) {}
OpusDecoder::OpusDecoder(OpusDecoder&&) noexcept = default;
OpusDecoder& OpusDecoder::operator=(OpusDecoder&&) noexcept = default;
OpusDecoder::~OpusDecoder() = default;

Result<OpusDecoder> OpusDecoder::Create(int channels) {
  if (channels != 1 && channels != 2) {
    return Fail(ErrorCode::kInvalidArgument,
                "Opus decodes to 1 or 2 channels, not " + std::to_string(channels));
  }
  int error = OPUS_OK;
  std::unique_ptr<::OpusDecoder, Deleter> decoder(
      opus_decoder_create(kOpusSampleRate, channels, &error));
  if (!decoder) {
    return Fail(ErrorCode::kCodec,
                std::string("cannot make an Opus decoder: ") + opus_strerror(error));
  }
  return OpusDecoder(std::move(decoder), channels);
}

Result<size_t> OpusDecoder::Decode(ByteSpan packet, std::span<float> out) {
  const Result<OpusPacketInfo> info = ParseOpusPacket(packet);
  if (!info) return std::unexpected(info.error());
  return Run(packet, static_cast<size_t>(info->samples), false, out);
}

Result<size_t> OpusDecoder::DecodeFec(ByteSpan next_packet, size_t samples, std::span<float> out) {
  if (next_packet.empty()) return Fail(ErrorCode::kTruncated, "an Opus packet of no bytes");
  return Run(next_packet, samples, true, out);
}

Result<size_t> OpusDecoder::Conceal(size_t samples, std::span<float> out) {
  return Run({}, samples, false, out);
}

void OpusDecoder::Reset() { opus_decoder_ctl(decoder_.get(), OPUS_RESET_STATE); }

// libopus takes "no packet" (a null pointer) as an order to conceal.
Result<size_t> OpusDecoder::Run(ByteSpan packet, size_t samples, bool fec, std::span<float> out) {
  // Losses are mended in steps of 2.5 ms.
  constexpr size_t kStep = 120;
  if (samples == 0 || samples > kMaxOpusPacketSamples || samples % kStep != 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "Opus cannot give " + std::to_string(samples) + " samples");
  }
  if (out.size() < samples * channels_) {
    return Fail(ErrorCode::kInvalidArgument,
                "no room for " + std::to_string(samples) + " samples of Opus");
  }
  const int decoded = opus_decode_float(decoder_.get(), packet.empty() ? nullptr : packet.data(),
                                        static_cast<opus_int32>(packet.size()), out.data(),
                                        static_cast<int>(samples), fec ? 1 : 0);
  if (decoded < 0) {
    return Fail(ErrorCode::kCodec, std::string("Opus cannot decode: ") + opus_strerror(decoded));
  }
  return static_cast<size_t>(decoded);
}

}  // namespace ferry
