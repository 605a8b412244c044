// Where pictures to be published come from.
#pragma once

#include <memory>

#include "client/media/y4m.h"
#include "core/video/codec/testing/synthetic_clip.h"

namespace ferry::client {

class PictureSource {
 public:
  virtual ~PictureSource() = default;
  virtual VideoSize size() const = 0;
  virtual double fps() const = 0;
  // False at the end; the next call begins anew.
  virtual bool Next(I420Buffer& out) = 0;
};

class FilePictures final : public PictureSource {
 public:
  explicit FilePictures(Y4mReader file) : file_(std::move(file)) {}
  VideoSize size() const override { return file_.size(); }
  double fps() const override { return file_.fps(); }
  bool Next(I420Buffer& out) override { return file_.Read(out); }

 private:
  Y4mReader file_;
};

// Moves without end.
class SyntheticPictures final : public PictureSource {
 public:
  SyntheticPictures(VideoSize size, double fps) : size_(size), fps_(fps), clip_(size) {}
  VideoSize size() const override { return size_; }
  double fps() const override { return fps_; }
  bool Next(I420Buffer& out) override {
    clip_.Draw(next_++, out);
    return true;
  }

 private:
  const VideoSize size_;
  const double fps_;
  const testing::SyntheticClip clip_;
  int next_ = 0;
};

}  // namespace ferry::client
