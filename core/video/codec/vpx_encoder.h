// What VP8 and VP9 have in common as encoders. Each codec is a file of its own (vp8_encoder.cc,
// vp9_encoder.cc), so that a program which uses one does not carry the other.
#pragma once

#include <vpx/vpx_encoder.h>

#include "core/video/codec/video_encoder.h"

namespace ferry {

class VpxEncoder : public VideoEncoder {
 public:
  ~VpxEncoder() override;
  VpxEncoder(const VpxEncoder&) = delete;
  VpxEncoder& operator=(const VpxEncoder&) = delete;

  Result<void> Configure(const VideoEncoderSettings& settings) override;
  Result<EncodedFrame> Encode(const I420View& picture, Timestamp capture,
                              bool force_keyframe) override;

 protected:
  explicit VpxEncoder(vpx_codec_iface_t* codec) : codec_(codec) {}

  struct SpeedRange {
    int slowest, fastest;
  };
  virtual SpeedRange speeds() const = 0;
  // The speed for a picture of that size when none is asked for.
  virtual int DefaultSpeed(VideoSize size) const = 0;
  // Codec-specific settings, before and after the encoder is created.
  virtual void AdjustConfig(vpx_codec_enc_cfg_t& config) const = 0;
  virtual int max_temporal_layers() const { return 1; }
  // Where there are layers: tells the codec which one the next picture, no keyframe, belongs to,
  // and gives what it may refer to and change.
  virtual Result<vpx_enc_frame_flags_t> EnterLayer(uint8_t) { return 0; }
  virtual Result<void> SetControls(const VideoEncoderSettings& settings, int speed) = 0;

  Result<void> Control(int control, int value);

 private:
  Result<void> Validate(const VideoEncoderSettings& settings) const;
  Result<void> Open(const VideoEncoderSettings& settings);
  void Close();
  void FillConfig(const VideoEncoderSettings& settings, vpx_codec_enc_cfg_t& config) const;
  Result<vpx_enc_frame_flags_t> NextFlags(bool force_keyframe);
  int64_t NextPts(Timestamp capture);
  Error CodecError(const char* what);

  vpx_codec_iface_t* const codec_;
  vpx_codec_ctx_t context_{};
  bool open_ = false;
  VideoEncoderSettings settings_;

  // In ticks of kTicksPerSecond, since the first picture.
  std::optional<Timestamp> first_capture_;
  int64_t last_pts_ = -1;
  double frame_interval_ = 0;

  // Of the next frame.
  uint8_t temporal_id_ = 0;
  bool first_ = true;
};

}  // namespace ferry
