// The C interface of vp8.wasm and vp9.wasm: one video codec, encoder and decoder, for a worker.
//
// Both modules have the same functions. Pointers are offsets into the module's memory; they stay
// where they are when the memory grows, but the page's typed arrays over it must then be made anew
// (compare memory.buffer). Strings are UTF-8 with a NUL at the end. Call _initialize() once after
// instantiation.
//
// Functions that return int give a negative value on failure, -1 minus ferry::ErrorCode
// (core/base/error.h); those that return a pointer give 0. ferry_last_error() then says why.
#pragma once

#include <stdint.h>

extern "C" {

typedef struct FerryVideoEncoder FerryVideoEncoder;
typedef struct FerryVideoDecoder FerryVideoDecoder;

// 8 or 9: which codec this module is.
int ferry_video_codec(void);
// The newest failure, in words; "" before the first.
const char* ferry_last_error(void);

// Memory of the caller's own, 16-byte aligned; 0 when there is no more.
uint8_t* ferry_alloc(uint32_t bytes);
void ferry_free(void* pointer);

// --- Encoding ------------------------------------------------------------------------------------
// `cpu_used`: effort, higher is faster and looks worse (VP8 1 to 16, VP9 5 to 9); negative: chosen
// by the size. Sides are 16 to 4096 pixels, `fps` 1 to 120, bit rates 10 kbit/s to 100 Mbit/s.
// `temporal_layers`: 1, or 2 of VP8.
FerryVideoEncoder* ferry_encoder_create(int width, int height, double fps, int bitrate_bps,
                                        int cpu_used, int temporal_layers);
void ferry_encoder_destroy(FerryVideoEncoder* encoder);
// From the next picture on. Another size or number of layers starts with a keyframe; bit rate and
// frame rate do not.
// 0, or negative: the former settings stand.
int ferry_encoder_configure(FerryVideoEncoder* encoder, int width, int height, double fps,
                            int bitrate_bps, int temporal_layers);

// Room for a picture of `bytes` bytes (at most 64 MiB), to which VideoFrame.copyTo() may write.
// Valid until the next call with more bytes.
uint8_t* ferry_encoder_input(FerryVideoEncoder* encoder, uint32_t bytes);
// Room for four pairs of unsigned 32-bit numbers: offset and stride of each plane, as copyTo()
// resolved them.
uint32_t* ferry_encoder_layout_buffer(FerryVideoEncoder* encoder);

enum FerryPixelFormat {  // WebCodecs' names
  FERRY_PIXEL_I420 = 0,
  FERRY_PIXEL_I420A = 1,
  FERRY_PIXEL_NV12 = 2,
  FERRY_PIXEL_RGBA = 3,
  FERRY_PIXEL_RGBX = 4,
  FERRY_PIXEL_BGRA = 5,
  FERRY_PIXEL_BGRX = 6,
};
// Encodes the picture in ferry_encoder_input, of `width` by `height`; one of another size than the
// encoder's is stretched to it. `layout` is ferry_encoder_layout_buffer, or 0 when the planes
// follow each other without gaps. `timestamp_us` is the capture time, of any clock. Returns the
// size of the frame in bytes, or 0 when the picture was dropped to keep to the bit rate.
int ferry_encoder_encode(FerryVideoEncoder* encoder, int format, int width, int height,
                         const uint32_t* layout, double timestamp_us, int force_keyframe);
// The frame that ferry_encoder_encode made, until the next call on the encoder.
const uint8_t* ferry_encoder_output(FerryVideoEncoder* encoder);
int ferry_encoder_is_keyframe(FerryVideoEncoder* encoder);
// Negative where the encoder has one layer only.
int ferry_encoder_temporal_id(FerryVideoEncoder* encoder);

// --- Decoding ------------------------------------------------------------------------------------
FerryVideoDecoder* ferry_decoder_create(void);
void ferry_decoder_destroy(FerryVideoDecoder* decoder);
// Room for a frame of `bytes` bytes (at most 16 MiB). Valid until the next call with more bytes.
uint8_t* ferry_decoder_input(FerryVideoDecoder* decoder, uint32_t bytes);
// Decodes the first `bytes` bytes of the input. 1: there is a picture, until the next call on the
// decoder; 0: the frame shows none; negative: damaged or without its keyframe, so ask for one.
int ferry_decoder_decode(FerryVideoDecoder* decoder, uint32_t bytes);
int ferry_decoder_width(FerryVideoDecoder* decoder);
int ferry_decoder_height(FerryVideoDecoder* decoder);
// Planes 0 Y, 1 U, 2 V: 8-bit I420, BT.601 limited range; chroma is half as wide and high, rounded
// up. The stride is bytes from row to row.
const uint8_t* ferry_decoder_plane(FerryVideoDecoder* decoder, int plane);
int ferry_decoder_stride(FerryVideoDecoder* decoder, int plane);

}  // extern "C"
