#include "client/media/video_track.h"

#include <algorithm>
#include <utility>

namespace ferry::client {
namespace {
// Of the only frame of a file that begins anew.
constexpr Duration kUsualInterval = Duration::Micros(33'333);
}  // namespace

Result<VideoTrack> VideoTrack::FromPictures(std::unique_ptr<PictureSource> pictures,
                                            const std::vector<Encoding>& encodings, bool loop) {
  VideoTrack track(loop);
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

VideoTrack VideoTrack::FromFrames(IvfReader frames, bool loop) {
  VideoTrack track(loop);
  if (const auto peak = frames.peak_bitrate()) {
    track.encodings_ = {{frames.size().width, frames.size().height, peak->bps()}};
  }
  track.frames_ = std::move(frames);
  track.interval_ = kUsualInterval;
  return track;
}

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
  if (frames_ && frames_->rewindable()) restart_ = true;
  for (size_t i = 0; i < layers_.size() && i < ssrcs_.size(); ++i) {
    if (ssrcs_[i] == ssrc) layers_[i].keyframe_wanted = true;
  }
}

Result<bool> VideoTrack::SendNext(Timestamp capture_time, Timestamp now,
                                  session::MediaSession& engine) {
  if (ssrcs_.empty()) return true;
  return pictures_ ? SendPicture(capture_time, now, engine) : SendFrame(capture_time, now, engine);
}

Result<bool> VideoTrack::SendPicture(Timestamp capture_time, Timestamp now,
                                     session::MediaSession& engine) {
  if (!pictures_->Next(picture_)) {
    if (!loop_) return false;
    pictures_->Rewind();
    if (!pictures_->Next(picture_)) {
      return Fail(ErrorCode::kMalformed,
                  "the video cannot be begun anew: there is no picture in it");
    }
  }
  if (auto sent = SendEncoded(picture_, capture_time, now, engine); !sent) {
    return std::unexpected(sent.error());
  }
  ++frames_sent_;
  position_ = Duration::Micros(
      static_cast<int64_t>(static_cast<double>(frames_sent_) * 1e6 / pictures_->fps()));
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

Result<bool> VideoTrack::SendFrame(Timestamp capture_time, Timestamp now,
                                   session::MediaSession& engine) {
  if (restart_ && frames_->rewindable()) {
    frames_->Rewind();
    loaded_ = false;
  }
  if (!loaded_ || (restart_ && !frame_.keyframe)) {
    const auto found = LoadFrame(restart_);
    if (!found || !*found) return found;
  }
  auto sent = engine.SendFrame(ssrcs_[0], frame_.data, frame_.keyframe, capture_time, now);
  if (!sent) return std::unexpected(sent.error());
  ++frames_sent_;
  restart_ = false;

  // When the next is due, its own timestamp tells.
  const uint64_t timestamp = frame_.timestamp;
  const auto found = LoadFrame(/*key=*/false);
  if (!found) return found;
  loaded_ = *found;
  if (loaded_ && !begun_anew_) interval_ = frames_->Interval(timestamp, frame_.timestamp);
  position_ += interval_;
  return true;
}

// The next frame, or the next key frame, in frame_; false at the end.
Result<bool> VideoTrack::LoadFrame(bool key) {
  begun_anew_ = false;
  while (true) {
    while (frames_->Read(frame_)) {
      if (!key || frame_.keyframe) return true;
    }
    if (!loop_) return false;
    if (std::exchange(begun_anew_, true)) {
      return Fail(ErrorCode::kMalformed, "the video cannot be begun anew: there is no frame in it");
    }
    frames_->Rewind();
    key = true;
  }
}

std::vector<FileNote> VideoTrack::TakeNotes() {
  return pictures_ ? pictures_->TakeNotes() : frames_->notes().Take();
}

}  // namespace ferry::client
