// The sizes in which a picture is published.
#pragma once

#include <optional>

#include "core/video/codec/i420.h"

namespace ferry::client {

// The largest size of the picture's shape within the box, which lies as the picture does: one of
// 320×180 is one of 180×320 for a portrait. nullopt when the picture is no larger than the box.
std::optional<VideoSize> SmallSize(VideoSize picture, VideoSize box);

// The largest size of the picture's shape that is no wider and no higher than `frame`; its sides
// are even where they can be.
VideoSize FitWithin(VideoSize picture, VideoSize frame);

}  // namespace ferry::client
