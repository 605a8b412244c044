// A port that nobody else has, for TCP and UDP alike. Workers share theirs (SO_REUSEPORT), and so
// could the workers of another gateway, without a word: each would get a part of the other's users.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"

namespace ferry::gateway {

// `wanted`, 0 for any; an error when somebody has it. Nobody holds it when this returns: of two
// gateways that are started in the same moment both may find it free.
Result<uint16_t> FindFreePort(const std::string& address, uint16_t wanted, bool with_udp);

}  // namespace ferry::gateway
