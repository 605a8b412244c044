// Bounds and errors that both directions of a session share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/base/error.h"
#include "core/base/units.h"

namespace ferry::session {

// Streams of each direction and kind; the gateway allows fewer.
inline constexpr size_t kMaxStreams = 128;
// Between two sender or receiver reports.
inline constexpr Duration kReportInterval = Duration::Seconds(1);

inline std::unexpected<Error> NoSuchStream(uint32_t ssrc) {
  return Fail(ErrorCode::kNotFound, "no stream with SSRC " + std::to_string(ssrc));
}
inline std::unexpected<Error> TooManyStreams() {
  return Fail(ErrorCode::kLimitExceeded, "more than " + std::to_string(kMaxStreams) + " streams");
}

}  // namespace ferry::session
