#include "gateway/session/resume_token.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "core/base/hex.h"

namespace ferry::gateway {

std::optional<ResumeToken> MakeResumeToken(std::string_view session_id) {
  std::array<uint8_t, ResumeToken::kSecretBytes> secret;
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1) return std::nullopt;
  ResumeToken token;
  token.text = std::string(session_id) + "." + Hex(secret);
  token.hash = HashResumeToken(token.text);
  OPENSSL_cleanse(secret.data(), secret.size());
  return token;
}

std::string_view SessionIdOf(std::string_view token) { return token.substr(0, token.find('.')); }

ResumeTokenHash HashResumeToken(std::string_view token) {
  ResumeTokenHash hash;
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(), hash.data());
  return hash;
}

bool SameToken(const ResumeTokenHash& a, const ResumeTokenHash& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ferry::gateway
