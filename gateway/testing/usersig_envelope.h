// The envelope of a userSig around any text, well formed or not.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "core/base/base64.h"

namespace ferry::gateway {

// A token around any JSON text.
inline std::string UserSigEnvelope(std::string_view json) {
  uLongf size = compressBound(json.size());
  std::string compressed(size, '\0');
  compress(reinterpret_cast<Bytef*>(compressed.data()), &size,
           reinterpret_cast<const Bytef*>(json.data()), json.size());
  compressed.resize(size);
  std::string token = Base64Encode(compressed);
  for (char& c : token) {
    if (c == '+') c = '*';
    if (c == '/') c = '-';
    if (c == '=') c = '_';
  }
  return token;
}

}  // namespace ferry::gateway
