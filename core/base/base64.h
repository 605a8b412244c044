// Standard base64 (RFC 4648 §4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferry {

std::string Base64Encode(std::string_view bytes);

// Padding may be missing; any other deviation (foreign characters, bits left over) is nullopt.
std::optional<std::string> Base64Decode(std::string_view text);

}  // namespace ferry
