// Whether bytes are UTF-8.
#pragma once

#include "core/base/bytes.h"

namespace ferry::net {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(ByteSpan bytes);

}  // namespace ferry::net
