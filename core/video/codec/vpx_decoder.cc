#include "core/video/codec/vpx_decoder.h"

#include <vpx/vp8dx.h>

#include <string>

namespace ferry {
namespace {

constexpr int kMaxThreads = 16;
// Larger than any frame of kMaxVideoDimension in real time.
constexpr size_t kMaxFrameBytes = 16u << 20;

}  // namespace

VpxDecoder::~VpxDecoder() {
  if (open_) vpx_codec_destroy(&context_);
}

Error VpxDecoder::CodecError(const char* what, ErrorCode code) {
  const char* detail = vpx_codec_error_detail(&context_);
  return {code, std::string(vpx_codec_iface_name(codec_)) + ": " + what + ": " +
                    vpx_codec_error(&context_) +
                    (detail ? std::string(": ") + detail : std::string())};
}

Result<std::unique_ptr<VideoDecoder>> VpxDecoder::Create(vpx_codec_iface_t* codec, int threads) {
  if (threads < 1 || threads > kMaxThreads) {
    return Fail(ErrorCode::kInvalidArgument, std::to_string(threads) + " threads: must be 1 to 16");
  }
  std::unique_ptr<VpxDecoder> decoder(new VpxDecoder(codec));
  vpx_codec_dec_cfg_t config{.threads = static_cast<unsigned>(threads), .w = 0, .h = 0};
  if (vpx_codec_dec_init(&decoder->context_, codec, &config, 0) != VPX_CODEC_OK) {
    return std::unexpected(decoder->CodecError("cannot be started"));
  }
  decoder->open_ = true;
  return decoder;
}

Result<std::optional<I420View>> VpxDecoder::Decode(ByteSpan frame) {
  if (frame.empty() || frame.size() > kMaxFrameBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot decode a frame of " + std::to_string(frame.size()) + " bytes");
  }
  // A keyframe names the picture's size; what is too large is refused before it is allocated.
  vpx_codec_stream_info_t info{};
  info.sz = sizeof(info);
  const auto size = static_cast<unsigned>(frame.size());
  if (vpx_codec_peek_stream_info(codec_, frame.data(), size, &info) == VPX_CODEC_OK &&
      (info.w > unsigned{kMaxVideoDimension} || info.h > unsigned{kMaxVideoDimension})) {
    return Fail(ErrorCode::kLimitExceeded, "picture of " + std::to_string(info.w) + "x" +
                                               std::to_string(info.h) + ": each side may be " +
                                               std::to_string(kMaxVideoDimension) + " at most");
  }
  if (vpx_codec_decode(&context_, frame.data(), size, nullptr, 0) != VPX_CODEC_OK) {
    return std::unexpected(CodecError("cannot decode", ErrorCode::kMalformed));
  }
  // libvpx goes on past damage that it can decode around. Our receivers rather keep the last good
  // picture and ask for a keyframe.
  int corrupted = 0;
  if (vpx_codec_control(&context_, VP8D_GET_FRAME_CORRUPTED, &corrupted) == VPX_CODEC_OK &&
      corrupted != 0) {
    return Fail(ErrorCode::kMalformed, "the frame, or one that it builds on, is damaged");
  }
  vpx_codec_iter_t iterator = nullptr;
  const vpx_image_t* image = vpx_codec_get_frame(&context_, &iterator);
  if (!image) return std::nullopt;
  if (image->fmt != VPX_IMG_FMT_I420 || image->stride[VPX_PLANE_U] != image->stride[VPX_PLANE_V]) {
    return Fail(ErrorCode::kUnsupported, "the stream is not 8-bit 4:2:0");
  }
  return I420View{
      .size = {static_cast<int>(image->d_w), static_cast<int>(image->d_h)},
      .y = image->planes[VPX_PLANE_Y],
      .u = image->planes[VPX_PLANE_U],
      .v = image->planes[VPX_PLANE_V],
      .stride_y = image->stride[VPX_PLANE_Y],
      .stride_uv = image->stride[VPX_PLANE_U],
  };
}

}  // namespace ferry
