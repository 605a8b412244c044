// One probe: a short burst above the present rate, whose arrival tells what the path can carry.
#pragma once

#include <cstdint>

#include "core/base/units.h"

namespace ferry::transport {

using ProbeClusterId = uint16_t;
// Of packets that belong to no probe.
inline constexpr ProbeClusterId kNoProbe = 0;

struct ProbeCluster {
  ProbeClusterId id = kNoProbe;
  DataRate rate;
  // The burst ends when both are sent.
  int min_packets = 0;
  int64_t min_bytes = 0;
};

}  // namespace ferry::transport
