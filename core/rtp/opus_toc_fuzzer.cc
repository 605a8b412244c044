// Any bytes tell a duration Opus allows, or are refused; more bytes after the first two change
// nothing.
#include <algorithm>

#include "core/base/testing/check.h"
#include "core/rtp/opus.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry;
  const ByteSpan input(data, size);
  const auto duration = rtp::OpusPacketDuration(input);
  const auto of_prefix = rtp::OpusPacketDuration(input.first(std::min<size_t>(size, 2)));
  Check(duration.has_value() == of_prefix.has_value());
  if (!duration) return 0;
  Check(*duration == *of_prefix);
  Check(*duration >= Duration::Micros(2500) && *duration <= rtp::kMaxOpusPacketDuration);
  Check(duration->us() % 2500 == 0);
  return 0;
}
