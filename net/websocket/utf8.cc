#include "net/websocket/utf8.h"

namespace ferry::net {
namespace {

// What RFC 3629 §4 allows after a leading byte: how many bytes, and the second's range, in which
// overlong forms, surrogates and values above U+10FFFF are left out.
struct Form {
  size_t following;
  uint8_t second_min;
  uint8_t second_max;
};

constexpr Form FormOf(uint8_t lead) {
  if (lead < 0xC2 || lead > 0xF4) return {0, 0, 0};
  if (lead < 0xE0) return {1, 0x80, 0xBF};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead < 0xF0) return {2, 0x80, 0xBF};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {3, 0x80, 0xBF};
}

}  // namespace

bool IsUtf8(ByteSpan bytes) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  for (size_t i = 0; i < bytes.size();) {
    // Mostly ASCII: eight at a time.
    uint64_t word = 0;
    if (bytes.size() - i >= sizeof(word)) {
      std::memcpy(&word, &bytes[i], sizeof(word));
      if ((word & kHighBits) == 0) {
        i += sizeof(word);
        continue;
      }
    }
    const uint8_t lead = bytes[i++];
    if (lead < 0x80) continue;
    const Form form = FormOf(lead);
    if (form.following == 0 || bytes.size() - i < form.following) return false;
    if (bytes[i] < form.second_min || bytes[i] > form.second_max) return false;
    for (size_t k = 1; k < form.following; ++k) {
      if ((bytes[i + k] & 0xC0) != 0x80) return false;
    }
    i += form.following;
  }
  return true;
}

}  // namespace ferry::net
