#include "wasm/video_module.h"

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/video/codec/frame_converter.h"
#include "core/video/codec/video_decoder.h"
#include "core/video/codec/video_encoder.h"
#include "wasm/export.h"

#ifndef FERRY_VIDEO_CODEC
#error "FERRY_VIDEO_CODEC must be 8 or 9"
#endif

namespace {

constexpr uint32_t kMaxPictureBytes = 64u << 20;
constexpr uint32_t kMaxFrameBytes = 16u << 20;
// Timestamps beyond 2^53 are not exact in a double.
constexpr double kMaxTimestampUs = 9007199254740992.0;

std::string& LastError() {
  static std::string message;
  return message;
}

int Failure(const ferry::Error& error) {
  LastError() = error.message;
  return -1 - static_cast<int>(error.code);
}
int BadArgument(const char* message) {
  return Failure({ferry::ErrorCode::kInvalidArgument, message});
}

auto CreateEncoder(const ferry::VideoEncoderSettings& settings) {
#if FERRY_VIDEO_CODEC == 8
  return ferry::CreateVp8Encoder(settings);
#else
  return ferry::CreateVp9Encoder(settings);
#endif
}
auto CreateDecoder() {
#if FERRY_VIDEO_CODEC == 8
  return ferry::CreateVp8Decoder();
#else
  return ferry::CreateVp9Decoder();
#endif
}

// A buffer that the page writes to: grows, never shrinks, is not cleared.
uint8_t* Room(std::vector<uint8_t>& buffer, uint32_t bytes, uint32_t most) {
  if (bytes > most) {
    BadArgument("more bytes than a picture or frame may have");
    return nullptr;
  }
  if (buffer.size() < bytes) {
    buffer.clear();
    buffer.resize(bytes);
  }
  return buffer.data();
}

}  // namespace

struct FerryVideoEncoder {
  ferry::VideoEncoderSettings settings;
  std::unique_ptr<ferry::VideoEncoder> encoder;
  ferry::FrameConverter converter;
  std::vector<uint8_t> input;
  uint32_t input_bytes = 0;
  ferry::PlaneLayout layout[ferry::kMaxPlanes] = {};
  ferry::EncodedFrame output;
};

struct FerryVideoDecoder {
  std::unique_ptr<ferry::VideoDecoder> decoder;
  std::vector<uint8_t> input;
  ferry::I420View picture;
};

FERRY_EXPORT int ferry_video_codec(void) { return FERRY_VIDEO_CODEC; }
FERRY_EXPORT const char* ferry_last_error(void) { return LastError().c_str(); }

FERRY_EXPORT uint8_t* ferry_alloc(uint32_t bytes) {
  auto* memory = static_cast<uint8_t*>(std::malloc(bytes ? bytes : 1));
  if (!memory) Failure({ferry::ErrorCode::kLimitExceeded, "out of memory"});
  return memory;
}
FERRY_EXPORT void ferry_free(void* pointer) { std::free(pointer); }

FERRY_EXPORT FerryVideoEncoder* ferry_encoder_create(int width, int height, double fps,
                                                     int bitrate_bps, int cpu_used,
                                                     int temporal_layers) {
  ferry::VideoEncoderSettings settings{.size = {width, height},
                                       .fps = fps,
                                       .bitrate = ferry::DataRate::BitsPerSec(bitrate_bps),
                                       .speed = std::nullopt,
                                       .threads = 1,
                                       .temporal_layers = temporal_layers};
  if (cpu_used >= 0) settings.speed = cpu_used;
  auto encoder = CreateEncoder(settings);
  if (!encoder) {
    Failure(encoder.error());
    return nullptr;
  }
  auto* handle = new FerryVideoEncoder;
  handle->settings = settings;
  handle->encoder = std::move(*encoder);
  return handle;
}

FERRY_EXPORT void ferry_encoder_destroy(FerryVideoEncoder* encoder) { delete encoder; }

FERRY_EXPORT int ferry_encoder_configure(FerryVideoEncoder* encoder, int width, int height,
                                         double fps, int bitrate_bps, int temporal_layers) {
  ferry::VideoEncoderSettings settings = encoder->settings;
  settings.size = {width, height};
  settings.fps = fps;
  settings.bitrate = ferry::DataRate::BitsPerSec(bitrate_bps);
  settings.temporal_layers = temporal_layers;
  encoder->output = {};
  if (auto done = encoder->encoder->Configure(settings); !done) return Failure(done.error());
  encoder->settings = settings;
  return 0;
}

FERRY_EXPORT uint8_t* ferry_encoder_input(FerryVideoEncoder* encoder, uint32_t bytes) {
  uint8_t* room = Room(encoder->input, bytes, kMaxPictureBytes);
  encoder->input_bytes = room ? bytes : 0;
  return room;
}

FERRY_EXPORT uint32_t* ferry_encoder_layout_buffer(FerryVideoEncoder* encoder) {
  static_assert(sizeof(ferry::PlaneLayout) == 2 * sizeof(uint32_t));
  return &encoder->layout[0].offset;
}

FERRY_EXPORT int ferry_encoder_encode(FerryVideoEncoder* encoder, int format, int width, int height,
                                      const uint32_t* layout, double timestamp_us,
                                      int force_keyframe) {
  encoder->output = {};
  if (format < 0 || format >= ferry::kPixelFormatCount) return BadArgument("unknown pixel format");
  if (!(std::fabs(timestamp_us) < kMaxTimestampUs)) return BadArgument("timestamp out of range");
  const auto pixels = static_cast<ferry::PixelFormat>(format);
  std::span<const ferry::PlaneLayout> planes;
  if (layout) planes = std::span(encoder->layout).first(ferry::PlaneCount(pixels));
  auto picture =
      encoder->converter.Convert(ferry::ByteSpan(encoder->input).first(encoder->input_bytes),
                                 pixels, {width, height}, planes, encoder->settings.size);
  if (!picture) return Failure(picture.error());
  auto frame = encoder->encoder->Encode(
      *picture, ferry::Timestamp::Micros(static_cast<int64_t>(timestamp_us)), force_keyframe != 0);
  if (!frame) return Failure(frame.error());
  encoder->output = *frame;
  return static_cast<int>(frame->data.size());
}

FERRY_EXPORT const uint8_t* ferry_encoder_output(FerryVideoEncoder* encoder) {
  return encoder->output.data.data();
}
FERRY_EXPORT int ferry_encoder_is_keyframe(FerryVideoEncoder* encoder) {
  return encoder->output.keyframe;
}
FERRY_EXPORT int ferry_encoder_temporal_id(FerryVideoEncoder* encoder) {
  return encoder->output.temporal_id ? *encoder->output.temporal_id : -1;
}

FERRY_EXPORT FerryVideoDecoder* ferry_decoder_create(void) {
  auto decoder = CreateDecoder();
  if (!decoder) {
    Failure(decoder.error());
    return nullptr;
  }
  auto* handle = new FerryVideoDecoder;
  handle->decoder = std::move(*decoder);
  return handle;
}

FERRY_EXPORT void ferry_decoder_destroy(FerryVideoDecoder* decoder) { delete decoder; }

FERRY_EXPORT uint8_t* ferry_decoder_input(FerryVideoDecoder* decoder, uint32_t bytes) {
  return Room(decoder->input, bytes, kMaxFrameBytes);
}

FERRY_EXPORT int ferry_decoder_decode(FerryVideoDecoder* decoder, uint32_t bytes) {
  decoder->picture = {};
  if (bytes > decoder->input.size()) return BadArgument("more bytes than the input has room for");
  auto picture = decoder->decoder->Decode(ferry::ByteSpan(decoder->input).first(bytes));
  if (!picture) return Failure(picture.error());
  if (!*picture) return 0;
  decoder->picture = **picture;
  return 1;
}

FERRY_EXPORT int ferry_decoder_width(FerryVideoDecoder* decoder) {
  return decoder->picture.size.width;
}
FERRY_EXPORT int ferry_decoder_height(FerryVideoDecoder* decoder) {
  return decoder->picture.size.height;
}
FERRY_EXPORT const uint8_t* ferry_decoder_plane(FerryVideoDecoder* decoder, int plane) {
  const uint8_t* const planes[] = {decoder->picture.y, decoder->picture.u, decoder->picture.v};
  return plane >= 0 && plane < 3 ? planes[plane] : nullptr;
}
FERRY_EXPORT int ferry_decoder_stride(FerryVideoDecoder* decoder, int plane) {
  return plane == 0 ? decoder->picture.stride_y : decoder->picture.stride_uv;
}
