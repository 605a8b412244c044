// RFC 6464 §3, as the encoder measures it and the wire carries it.
#pragma once

#include <cstdint>

namespace ferry {

struct AudioLevel {
  uint8_t minus_dbov = 127;  // in -dBov: 0 (loudest) to 127 (digital silence)
  bool voice_activity = false;
  bool operator==(const AudioLevel&) const = default;
};

}  // namespace ferry
