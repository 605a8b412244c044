// A port for who asked for any: free for TCP and UDP alike.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"

namespace ferry::gateway {

// Nobody holds it when this returns; whoever binds it soon gets it.
Result<uint16_t> FindFreePort(const std::string& address);

}  // namespace ferry::gateway
