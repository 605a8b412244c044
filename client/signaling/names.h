// Names of users and rooms (docs/protocol.md §2.1), checked before anything is signed for them: the
// gateway would refuse them later, and in other words.
#pragma once

#include <string_view>

#include "core/base/error.h"

namespace ferry::client {

inline constexpr size_t kMaxUserIdBytes = 128;
inline constexpr size_t kMaxRoomNameBytes = 64;

// The error tells why it is no name.
Result<void> CheckUserId(std::string_view id);
Result<void> CheckRoomName(std::string_view name);

}  // namespace ferry::client
