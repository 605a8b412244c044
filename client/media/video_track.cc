#include "client/media/video_track.h"

#include <algorithm>
#include <utility>

#include "core/rtp/vp8.h"

namespace ferry::client {

Result<VideoTrack> VideoTrack::FromPictures(std::unique_ptr<PictureSource> pictures,
                                            const std::vector<Encoding>& encodings) {
  VideoTrack track;
  track.encodings_ = encodings;
  for (const Encoding& encoding : encodings) {
    Layer layer;
    layer.size = {encoding.width, encoding.height};
    auto encoder = CreateVp8Encoder({.size = layer.size,
                                     .fps = pictures->fps(),
                                     .bitrate = DataRate::BitsPerSec(encoding.max_bitrate_bps),
                                     // Half of the pictures are a step between two sizes.
                                     .temporal_layers = encodings.size() > 1 ? 2 : 1});
    if (!encoder) return std::unexpected(encoder.error());
    layer.encoder = std::move(*encoder);
    track.layers_.push_back(std::move(layer));
  }
  track.pictures_ = std::move(pictures);
  return track;
}

VideoTrack VideoTrack::FromFrames(IvfReader frames) {
  VideoTrack track;
  track.encodings_ = {{.width = frames.size().width, .height = frames.size().height}};
  track.frames_ = std::move(frames);
  return track;
}

double VideoTrack::fps() const { return pictures_ ? pictures_->fps() : frames_->fps(); }

Result<void> VideoTrack::Start(const std::vector<uint32_t>& ssrcs, session::MediaSession& engine) {
  for (const uint32_t old : std::exchange(ssrcs_, {})) {
    if (auto removed = engine.RemoveSender(old); !removed) return removed;
  }
  for (const uint32_t ssrc : ssrcs) {
    if (auto added = engine.AddVideoSender(ssrc); !added) return added;
  }
  ssrcs_ = ssrcs;
  for (Layer& layer : layers_) layer.keyframe_wanted = true;
  restart_ = true;
  return {};
}

void VideoTrack::RequestKeyframe(uint32_t ssrc) {
  if (frames_) restart_ = true;
  for (size_t i = 0; i < layers_.size() && i < ssrcs_.size(); ++i) {
    if (ssrcs_[i] == ssrc) layers_[i].keyframe_wanted = true;
  }
}

Result<bool> VideoTrack::SendNext(Timestamp capture_time, Timestamp now,
                                  session::MediaSession& engine) {
  if (ssrcs_.empty()) return true;
  if (pictures_) {
    if (!pictures_->Next(picture_)) return false;
    if (auto sent = SendEncoded(picture_, capture_time, now, engine); !sent)
      return std::unexpected(sent.error());
  } else {
    if (std::exchange(restart_, false)) frames_->Rewind();
    if (!frames_->Read(frame_)) return false;
    const bool keyframe = rtp::Vp8KeyframeSize(frame_).has_value();
    auto sent = engine.SendFrame(ssrcs_[0], frame_, keyframe, capture_time, now);
    if (!sent) return std::unexpected(sent.error());
  }
  ++frames_sent_;
  return true;
}

Result<void> VideoTrack::SendEncoded(const I420Buffer& picture, Timestamp capture_time,
                                     Timestamp now, session::MediaSession& engine) {
  // The buffer's planes follow each other without gaps, as the converter takes them.
  const VideoSize size = picture.size();
  const ByteSpan bytes(picture.view().y, TightFrameBytes(PixelFormat::kI420, size));
  for (size_t i = 0; i < std::min(layers_.size(), ssrcs_.size()); ++i) {
    Layer& layer = layers_[i];
    const auto scaled = layer.scaler.Convert(bytes, PixelFormat::kI420, size, {}, layer.size);
    if (!scaled) return std::unexpected(scaled.error());
    const auto encoded =
        layer.encoder->Encode(*scaled, capture_time, std::exchange(layer.keyframe_wanted, false));
    if (!encoded) return std::unexpected(encoded.error());
    if (encoded->data.empty()) continue;  // dropped, to keep to the bitrate
    auto sent = engine.SendFrame(ssrcs_[i], encoded->data, encoded->keyframe, capture_time, now,
                                 encoded->temporal_id);
    if (!sent) return sent;
  }
  return {};
}

}  // namespace ferry::client
