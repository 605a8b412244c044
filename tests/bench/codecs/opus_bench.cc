// libopus as a module for the benchmark: the calls that an audio call makes, and nothing around
// them.
#include <opus.h>

#include <cstdint>

#include "wasm/export.h"

namespace {

constexpr int kSampleRate = 48'000;
constexpr int kFrame = kSampleRate / 50;
constexpr int kMaxPacket = 1500;

OpusEncoder* encoder;
OpusDecoder* decoder;
int16_t input[kFrame * 2];
int16_t output[kFrame * 2];
uint8_t packet[kMaxPacket];

}  // namespace

// Starts anew: both ends at their initial state.
FERRY_EXPORT int bench_opus_open(int channels, int bitrate, int complexity) {
  if (encoder) opus_encoder_destroy(encoder);
  if (decoder) opus_decoder_destroy(decoder);
  int error = 0;
  encoder = opus_encoder_create(kSampleRate, channels, OPUS_APPLICATION_VOIP, &error);
  if (error) return error;
  opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitrate));
  opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(complexity));
  decoder = opus_decoder_create(kSampleRate, channels, &error);
  return error;
}
FERRY_EXPORT int16_t* bench_opus_input(void) { return input; }
FERRY_EXPORT int16_t* bench_opus_output(void) { return output; }
FERRY_EXPORT uint8_t* bench_opus_packet(void) { return packet; }
FERRY_EXPORT int bench_opus_encode(void) {
  return opus_encode(encoder, input, kFrame, packet, kMaxPacket);
}
FERRY_EXPORT int bench_opus_decode(int bytes) {
  return opus_decode(decoder, packet, bytes, output, kFrame, 0);
}
