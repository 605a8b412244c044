#include "core/video/codec/vpx_encoder.h"

#include <algorithm>
#include <string>

namespace ferry {
namespace {

constexpr int kTicksPerSecond = 1'000'000;  // a Timestamp's own unit
constexpr double kMinFps = 1;
constexpr double kMaxFps = 120;
constexpr DataRate kMinBitrate = DataRate::KilobitsPerSec(10);
constexpr DataRate kMaxBitrate = DataRate::KilobitsPerSec(100'000);
constexpr int kMaxThreads = 16;
// libvpx's motion search needs at least one macroblock.
constexpr int kMinEncodedDimension = 16;
// What the base of two temporal layers gets: its frames are twice as far apart.
constexpr double kBaseLayerShare = 0.6;

// Pictures that come in a burst or after a pause say little about the frame rate.
constexpr double kIntervalSmoothing = 1.0 / 8;
constexpr double kMaxInterval = kTicksPerSecond / kMinFps;
constexpr double kMinInterval = kTicksPerSecond / kMaxFps;

}  // namespace

VpxEncoder::~VpxEncoder() { Close(); }

void VpxEncoder::Close() {
  if (open_) vpx_codec_destroy(&context_);
  open_ = false;
}

Error VpxEncoder::CodecError(const char* what) {
  const char* detail = vpx_codec_error_detail(&context_);
  return {ErrorCode::kCodec, std::string(vpx_codec_iface_name(codec_)) + ": " + what + ": " +
                                 vpx_codec_error(&context_) +
                                 (detail ? std::string(": ") + detail : std::string())};
}

Result<void> VpxEncoder::Control(int control, int value) {
  if (vpx_codec_control_(&context_, control, value) != VPX_CODEC_OK) {
    return std::unexpected(CodecError(("control " + std::to_string(control)).c_str()));
  }
  return {};
}

Result<void> VpxEncoder::Validate(const VideoEncoderSettings& settings) const {
  const auto bad = [](std::string what) { return Fail(ErrorCode::kInvalidArgument, what); };
  if (!settings.size.valid() || settings.size.width < kMinEncodedDimension ||
      settings.size.height < kMinEncodedDimension) {
    return bad("cannot encode " + std::to_string(settings.size.width) + "x" +
               std::to_string(settings.size.height) + ": each side must be " +
               std::to_string(kMinEncodedDimension) + " to " + std::to_string(kMaxVideoDimension));
  }
  if (!(settings.fps >= kMinFps && settings.fps <= kMaxFps)) {
    return bad("cannot encode " + std::to_string(settings.fps) + " frames per second: 1 to 120");
  }
  if (settings.bitrate < kMinBitrate || settings.bitrate > kMaxBitrate) {
    return bad("cannot encode at " + std::to_string(settings.bitrate.bps()) +
               " bit/s: 10 kbit/s to 100 Mbit/s");
  }
  const SpeedRange range = speeds();
  if (settings.speed && (*settings.speed < range.slowest || *settings.speed > range.fastest)) {
    return bad("speed " + std::to_string(*settings.speed) + ": must be " +
               std::to_string(range.slowest) + " to " + std::to_string(range.fastest));
  }
  if (settings.temporal_layers < 1 || settings.temporal_layers > max_temporal_layers()) {
    return bad(std::to_string(settings.temporal_layers) + " temporal layers: at most " +
               std::to_string(max_temporal_layers()));
  }
  if (settings.threads < 1 || settings.threads > kMaxThreads) {
    return bad(std::to_string(settings.threads) + " threads: must be 1 to 16");
  }
  return {};
}

void SetRates(const VideoEncoderSettings& settings, vpx_codec_enc_cfg_t& config) {
  const auto kbps = static_cast<unsigned>(settings.bitrate.kbps());
  config.rc_target_bitrate = kbps;
  if (settings.temporal_layers < 2) return;
  // Of each layer with those below.
  config.ts_target_bitrate[0] = static_cast<unsigned>(kbps * kBaseLayerShare);
  config.ts_target_bitrate[1] = kbps;
}

// One-pass constant bit rate without look-ahead. The limits are those that video calls settled on:
// a rate-control buffer of one second, quantisers 2 to 56 so that a picture never falls apart
// completely, an undershoot taken back at once and an overshoot of at most 15 %.
void VpxEncoder::FillConfig(const VideoEncoderSettings& settings,
                            vpx_codec_enc_cfg_t& config) const {
  config.g_w = static_cast<unsigned>(settings.size.width);
  config.g_h = static_cast<unsigned>(settings.size.height);
  config.g_timebase = {1, kTicksPerSecond};
  config.g_threads = static_cast<unsigned>(settings.threads);
  config.g_lag_in_frames = 0;
  config.g_pass = VPX_RC_ONE_PASS;
  config.rc_end_usage = VPX_CBR;
  config.rc_min_quantizer = 2;
  config.rc_max_quantizer = 56;
  config.rc_buf_sz = 1000;
  config.rc_buf_initial_sz = 500;
  config.rc_buf_optimal_sz = 600;
  config.rc_undershoot_pct = 100;
  config.rc_overshoot_pct = 15;
  // Pictures are dropped when the buffer falls below this share of its optimum.
  config.rc_dropframe_thresh = 25;
  config.rc_resize_allowed = 0;
  // Keyframes cost five to ten times a frame: they come when a receiver asks, never by a timer.
  config.kf_mode = VPX_KF_DISABLED;
  if (settings.temporal_layers == 2) {
    config.ts_number_layers = 2;
    config.ts_periodicity = 2;
    config.ts_layer_id[0] = 0;
    config.ts_layer_id[1] = 1;
    config.ts_rate_decimator[0] = 2;
    config.ts_rate_decimator[1] = 1;
  }
  SetRates(settings, config);
  AdjustConfig(config);
}

Result<void> VpxEncoder::Open(const VideoEncoderSettings& settings) {
  Close();
  vpx_codec_enc_cfg_t config;
  if (vpx_codec_enc_config_default(codec_, &config, 0) != VPX_CODEC_OK) {
    return Fail(ErrorCode::kCodec, "libvpx has no default settings for this encoder");
  }
  FillConfig(settings, config);
  if (vpx_codec_enc_init(&context_, codec_, &config, 0) != VPX_CODEC_OK) {
    return std::unexpected(CodecError("cannot be started"));
  }
  open_ = true;
  const int speed = settings.speed.value_or(DefaultSpeed(settings.size));
  if (auto set = SetControls(settings, speed); !set) {
    Close();
    return set;
  }
  settings_ = settings;
  frame_interval_ = kTicksPerSecond / settings.fps;
  first_ = true;
  return {};
}

Result<void> VpxEncoder::Configure(const VideoEncoderSettings& settings) {
  if (auto valid = Validate(settings); !valid) return valid;
  if (!open_) return Open(settings);
  if (settings.size != settings_.size || settings.speed != settings_.speed ||
      settings.threads != settings_.threads ||
      settings.temporal_layers != settings_.temporal_layers) {
    const VideoEncoderSettings former = settings_;
    auto opened = Open(settings);
    if (!opened) (void)Open(former);
    return opened;
  }
  if (settings.bitrate != settings_.bitrate) {
    vpx_codec_enc_cfg_t config = *context_.config.enc;
    SetRates(settings, config);
    if (vpx_codec_enc_config_set(&context_, &config) != VPX_CODEC_OK) {
      return std::unexpected(CodecError("cannot change the bit rate"));
    }
  }
  if (settings.fps != settings_.fps) frame_interval_ = kTicksPerSecond / settings.fps;
  settings_ = settings;
  return {};
}

// A keyframe belongs to the base and renews everything.
Result<vpx_enc_frame_flags_t> VpxEncoder::NextFlags(bool force_keyframe) {
  if (force_keyframe || first_) temporal_id_ = 0;
  if (settings_.temporal_layers > 1) {
    auto flags = EnterLayer(temporal_id_);
    if (!flags || !(force_keyframe || first_)) return flags;
  }
  return force_keyframe ? VPX_EFLAG_FORCE_KF : 0;
}

// The rate control divides the bit rate by the frame rate it sees in these times: they must grow,
// and their distance must not jitter as capture times do.
int64_t VpxEncoder::NextPts(Timestamp capture) {
  if (!first_capture_) first_capture_ = capture;
  const int64_t pts = std::max((capture - *first_capture_).us(), last_pts_ + 1);
  if (last_pts_ >= 0) {
    const double interval =
        std::clamp(static_cast<double>(pts - last_pts_), kMinInterval, kMaxInterval);
    frame_interval_ += (interval - frame_interval_) * kIntervalSmoothing;
  }
  last_pts_ = pts;
  return pts;
}

Result<EncodedFrame> VpxEncoder::Encode(const I420View& picture, Timestamp capture,
                                        bool force_keyframe) {
  if (!open_) return Fail(ErrorCode::kCodec, "the encoder is not running");
  if (picture.size != settings_.size) {
    return Fail(ErrorCode::kInvalidArgument, "picture of " + std::to_string(picture.size.width) +
                                                 "x" + std::to_string(picture.size.height) +
                                                 " for an encoder of " +
                                                 std::to_string(settings_.size.width) + "x" +
                                                 std::to_string(settings_.size.height));
  }
  vpx_image_t image;
  // libvpx only reads the planes; its interface has no const.
  vpx_img_wrap(&image, VPX_IMG_FMT_I420, static_cast<unsigned>(picture.size.width),
               static_cast<unsigned>(picture.size.height), 1, const_cast<uint8_t*>(picture.y));
  image.planes[VPX_PLANE_Y] = const_cast<uint8_t*>(picture.y);
  image.planes[VPX_PLANE_U] = const_cast<uint8_t*>(picture.u);
  image.planes[VPX_PLANE_V] = const_cast<uint8_t*>(picture.v);
  image.stride[VPX_PLANE_Y] = picture.stride_y;
  image.stride[VPX_PLANE_U] = picture.stride_uv;
  image.stride[VPX_PLANE_V] = picture.stride_uv;

  const auto flags = NextFlags(force_keyframe);
  if (!flags) return std::unexpected(flags.error());
  const int64_t pts = NextPts(capture);
  if (vpx_codec_encode(&context_, &image, pts, static_cast<unsigned long>(frame_interval_), *flags,
                       VPX_DL_REALTIME) != VPX_CODEC_OK) {
    return std::unexpected(CodecError("cannot encode"));
  }
  vpx_codec_iter_t iterator = nullptr;
  while (const vpx_codec_cx_pkt_t* packet = vpx_codec_get_cx_data(&context_, &iterator)) {
    if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    EncodedFrame frame{
        .data = {static_cast<const uint8_t*>(packet->data.frame.buf), packet->data.frame.sz},
        .keyframe = (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0,
        .temporal_id = std::nullopt};
    first_ = false;
    // A picture that the rate control drops takes no turn: the next one is of the same layer.
    if (settings_.temporal_layers > 1) {
      frame.temporal_id = temporal_id_;
      temporal_id_ = temporal_id_ == 0 ? 1 : 0;
    }
    return frame;
  }
  return EncodedFrame{};
}

}  // namespace ferry
