#include <vpx/vp8cx.h>

#include "core/video/codec/vpx_encoder.h"

namespace ferry {
namespace {

class Vp8Encoder : public VpxEncoder {
 public:
  Vp8Encoder() : VpxEncoder(vpx_codec_vp8_cx()) {}

 private:
  SpeedRange speeds() const override { return {1, 16}; }

  // One core of WebAssembly has to encode 30 pictures a second beside a decoder: about 2 ms at
  // 640x360 with speed 8, 6 ms at 1280x720 with speed 12.
  int DefaultSpeed(VideoSize size) const override {
    const int pixels = size.width * size.height;
    if (pixels <= 320 * 240) return 6;
    if (pixels <= 640 * 480) return 8;
    if (pixels <= 960 * 540) return 10;
    return 12;
  }

  void AdjustConfig(vpx_codec_enc_cfg_t& config) const override {
    // A lost frame must not spoil the entropy context of those that follow.
    config.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  }

  int max_temporal_layers() const override { return 2; }

  // Both layers refer to the last picture of the base; only the base changes it.
  Result<vpx_enc_frame_flags_t> EnterLayer(uint8_t temporal_id) override {
    if (auto set = Control(VP8E_SET_TEMPORAL_LAYER_ID, temporal_id); !set) {
      return std::unexpected(set.error());
    }
    constexpr vpx_enc_frame_flags_t kLastOnly =
        VP8_EFLAG_NO_REF_GF | VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_GF | VP8_EFLAG_NO_UPD_ARF;
    return temporal_id == 0 ? kLastOnly
                            : kLastOnly | VP8_EFLAG_NO_UPD_LAST | VP8_EFLAG_NO_UPD_ENTROPY;
  }

  Result<void> SetControls(const VideoEncoderSettings& settings, int speed) override {
    // Negative: that speed exactly. Positive would measure time and adapt, differently in each run.
    if (auto set = Control(VP8E_SET_CPUUSED, -speed); !set) return set;
    // Blocks that do not change are skipped early.
    if (auto set = Control(VP8E_SET_STATIC_THRESHOLD, 1); !set) return set;
    if (auto set = Control(VP8E_SET_TOKEN_PARTITIONS, settings.threads > 1 ? 2 : 0); !set) {
      return set;
    }
    // A keyframe may take the share of half the optimal buffer, in percent of one frame's budget.
    const int optimal_buffer_ms = 600;
    const int share = static_cast<int>(optimal_buffer_ms * 0.5 * settings.fps / 10);
    return Control(VP8E_SET_MAX_INTRA_BITRATE_PCT, share < 300 ? 300 : share);
  }
};

}  // namespace

Result<std::unique_ptr<VideoEncoder>> CreateVp8Encoder(const VideoEncoderSettings& settings) {
  auto encoder = std::make_unique<Vp8Encoder>();
  if (auto configured = encoder->Configure(settings); !configured) {
    return std::unexpected(configured.error());
  }
  return encoder;
}

}  // namespace ferry
