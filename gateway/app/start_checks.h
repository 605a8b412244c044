// What is to be said at the start, before a limit is met at the worst of times: settings that do
// not fit each other, or this host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/app/config.h"

namespace ferry::gateway {

// In words, each with what to do. `descriptors`: the files that the program may have open.
std::vector<std::string> DoubtfulSettings(const Config& config, uint64_t descriptors);

}  // namespace ferry::gateway
