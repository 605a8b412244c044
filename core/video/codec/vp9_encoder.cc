#include <vpx/vp8cx.h>

#include "core/video/codec/vpx_encoder.h"

namespace ferry {
namespace {

class Vp9Encoder : public VpxEncoder {
 public:
  Vp9Encoder() : VpxEncoder(vpx_codec_vp9_cx()) {}

 private:
  SpeedRange speeds() const override { return {5, 9}; }

  int DefaultSpeed(VideoSize size) const override {
    const int pixels = size.width * size.height;
    if (pixels <= 320 * 240) return 7;
    if (pixels <= 640 * 480) return 8;
    return 9;
  }

  // A frame's probabilities may build on the former one's: a receiver that misses a frame asks for
  // a keyframe anyway, and resilience costs about 5 % of the rate.
  void AdjustConfig(vpx_codec_enc_cfg_t& config) const override { config.g_error_resilient = 0; }

  Result<void> SetControls(const VideoEncoderSettings& settings, int speed) override {
    // Tiles are at least 256 pixels wide; one for each thread, in powers of two.
    int tile_columns = 0;
    while ((2 << tile_columns) <= settings.threads &&
           settings.size.width >= (2 << tile_columns) * 256) {
      ++tile_columns;
    }
    const int optimal_buffer_ms = 600;
    const int share = static_cast<int>(optimal_buffer_ms * 0.5 * settings.fps / 10);
    const struct {
      int control, value;
    } controls[] = {
        {VP8E_SET_CPUUSED, speed},
        {VP8E_SET_STATIC_THRESHOLD, 1},
        {VP8E_SET_MAX_INTRA_BITRATE_PCT, share < 300 ? 300 : share},
        {VP9E_SET_AQ_MODE, 3},  // cyclic refresh: the picture's parts are renewed in turn
        {VP9E_SET_TILE_COLUMNS, tile_columns},
        {VP9E_SET_ROW_MT, settings.threads > 1},
        {VP9E_SET_FRAME_PARALLEL_DECODING, 0},
    };
    for (const auto& [control, value] : controls) {
      if (auto set = Control(control, value); !set) return set;
    }
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<VideoEncoder>> CreateVp9Encoder(const VideoEncoderSettings& settings) {
  auto encoder = std::make_unique<Vp9Encoder>();
  if (auto configured = encoder->Configure(settings); !configured) {
    return std::unexpected(configured.error());
  }
  return encoder;
}

}  // namespace ferry
