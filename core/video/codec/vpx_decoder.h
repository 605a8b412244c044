// What VP8 and VP9 have in common as decoders; see vpx_encoder.h for why they are apart.
#pragma once

#include <vpx/vpx_decoder.h>

#include "core/video/codec/video_decoder.h"

namespace ferry {

class VpxDecoder : public VideoDecoder {
 public:
  ~VpxDecoder() override;
  VpxDecoder(const VpxDecoder&) = delete;
  VpxDecoder& operator=(const VpxDecoder&) = delete;

  // The decoder of `codec`, or why it cannot be had.
  static Result<std::unique_ptr<VideoDecoder>> Create(vpx_codec_iface_t* codec, int threads);

  Result<std::optional<I420View>> Decode(ByteSpan frame) override;

 private:
  explicit VpxDecoder(vpx_codec_iface_t* codec) : codec_(codec) {}
  Error CodecError(const char* what, ErrorCode code = ErrorCode::kCodec);

  vpx_codec_iface_t* const codec_;
  vpx_codec_ctx_t context_{};
  bool open_ = false;
};

}  // namespace ferry
