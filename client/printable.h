// Others' words for a terminal, which would obey what they may hide.
#pragma once

#include <string>
#include <string_view>

namespace ferry::client {

// The text with control characters (C0, C1, DEL) as \x1b, each of their bytes so; and every byte
// above ASCII when it is not UTF-8.
std::string Printable(std::string_view text);

}  // namespace ferry::client
