// Bytes as lower-case hex digits.
#pragma once

#include <string>

#include "core/base/bytes.h"

namespace ferry {

std::string Hex(ByteSpan bytes);

}  // namespace ferry
