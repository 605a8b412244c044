// Where pictures to be published come from.
#pragma once

#include <utility>
#include <vector>

#include "client/media/y4m.h"
#include "core/video/codec/testing/synthetic_clip.h"

namespace ferry::client {

class PictureSource {
 public:
  virtual ~PictureSource() = default;
  virtual VideoSize size() const = 0;
  virtual double fps() const = 0;
  // False at the end.
  virtual bool Next(I420Buffer& out) = 0;
  virtual void Rewind() = 0;
  virtual bool endless() const = 0;
  virtual std::vector<FileNote> TakeNotes() { return {}; }
};

class FilePictures final : public PictureSource {
 public:
  explicit FilePictures(Y4mReader file) : file_(std::move(file)) {}
  VideoSize size() const override { return file_.size(); }
  double fps() const override { return file_.fps(); }
  bool Next(I420Buffer& out) override { return file_.Read(out); }
  void Rewind() override { file_.Rewind(); }
  bool endless() const override { return false; }
  std::vector<FileNote> TakeNotes() override { return file_.notes().Take(); }

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
  void Rewind() override { next_ = 0; }
  bool endless() const override { return true; }

 private:
  const VideoSize size_;
  const double fps_;
  const testing::SyntheticClip clip_;
  int next_ = 0;
};

}  // namespace ferry::client
