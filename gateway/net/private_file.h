// Files of the gateway's own that nobody else may read: keys and secrets.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace ferry::gateway {

// A whole file of at most `max_bytes`. The error names it and says what is wrong.
Result<std::string> ReadWholeFile(const std::filesystem::path& path, uintmax_t max_bytes);

// Makes or replaces the file, readable by the owner alone (mode 0600) from its first byte on.
// Written beside and renamed: a crash leaves the old file or the new one, no half of either.
Result<void> WritePrivateFile(const std::filesystem::path& path, std::string_view content);

}  // namespace ferry::gateway
