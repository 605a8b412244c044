// Any token: decoded or refused, never accepted with a key it was not signed with.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/auth/usersig.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry::gateway;
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  const auto decoded = DecodeUserSig(token);
  if (decoded && VerifyUserSig(token, decoded->sdk_app_id, decoded->user_id,
                               "a secret the fuzzer does not know", decoded->issued_s)) {
    std::abort();
  }
  return 0;
}
