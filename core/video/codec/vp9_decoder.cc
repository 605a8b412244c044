#include <vpx/vp8dx.h>

#include "core/video/codec/vpx_decoder.h"

namespace ferry {

Result<std::unique_ptr<VideoDecoder>> CreateVp9Decoder(int threads) {
  return VpxDecoder::Create(vpx_codec_vp9_dx(), threads);
}

}  // namespace ferry
