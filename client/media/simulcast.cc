#include "client/media/simulcast.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ferry::client {

VideoSize FitWithin(VideoSize picture, VideoSize frame) {
  const double scale = std::min(static_cast<double>(frame.width) / picture.width,
                                static_cast<double>(frame.height) / picture.height);
  const auto side = [&](int pixels, int most) {
    const auto even = static_cast<int>(std::lround(pixels * scale / 2)) * 2;
    return std::clamp(even, std::min(2, most), most);
  };
  return {side(picture.width, frame.width), side(picture.height, frame.height)};
}

std::optional<VideoSize> SmallSize(VideoSize picture, VideoSize box) {
  if ((picture.width < picture.height) != (box.width < box.height))
    std::swap(box.width, box.height);
  if (picture.width <= box.width && picture.height <= box.height) return std::nullopt;
  return FitWithin(picture, box);
}

}  // namespace ferry::client
