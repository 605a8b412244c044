// A fuzzer's seeds as an ordinary test: what a fuzzer once found, or was given to begin with, is
// run by every `./dev test`, without libFuzzer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>

#include "core/base/error.h"

namespace ferry::testing {

// A fuzzer's LLVMFuzzerTestOneInput.
using FuzzEntry = int (*)(const uint8_t* data, size_t size);

// Runs `entry` on no bytes at all, as libFuzzer does, and on every file of `folder` in the order of
// their names, each named to `log` before it is run, because a failure ends the process. How many
// files there were; an error when there are none or one cannot be read.
Result<size_t> ReplayCorpus(const std::filesystem::path& folder, FuzzEntry entry,
                            std::ostream& log);

}  // namespace ferry::testing
