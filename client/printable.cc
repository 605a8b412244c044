#include "client/printable.h"

#include <fmt/format.h>

#include "core/base/bytes.h"
#include "net/websocket/utf8.h"

namespace ferry::client {

std::string Printable(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const bool utf8 =
      net::IsUtf8(ByteSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool ascii = byte(i) < 0x80;
    // U+0080 … U+009F, which terminals take like ESC and a letter.
    const bool c1 = utf8 && byte(i) == 0xC2 && byte(i + 1) < 0xA0;
    if (ascii ? byte(i) >= 0x20 && byte(i) != 0x7F : utf8 && !c1) {
      out += text[i];
    } else {
      out += fmt::format("\\x{:02x}", byte(i));
      if (c1) out += fmt::format("\\x{:02x}", byte(++i));
    }
  }
  return out;
}

}  // namespace ferry::client
