#include "gateway/session/resume_token.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <charconv>
#include <system_error>

#include "core/base/hex.h"

namespace ferry::gateway {

std::optional<ResumeToken> MakeResumeToken(uint32_t node, std::string_view session_id) {
  std::array<uint8_t, ResumeToken::kSecretBytes> secret;
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1) return std::nullopt;
  ResumeToken token;
  token.text = std::to_string(node) + "-" + std::string(session_id) + "." + Hex(secret);
  token.hash = HashResumeToken(token.text);
  OPENSSL_cleanse(secret.data(), secret.size());
  return token;
}

ResumeTokenName NameOf(std::string_view token) {
  const std::string_view name = token.substr(0, token.find('.'));
  const size_t dash = name.find('-');
  if (dash == std::string_view::npos) return {std::nullopt, name};
  uint32_t node = 0;
  const char* const end = name.data() + dash;
  const auto [read, error] = std::from_chars(name.data(), end, node);
  if (error != std::errc{} || read != end) return {std::nullopt, name};
  return {node, name.substr(dash + 1)};
}

ResumeTokenHash HashResumeToken(std::string_view token) {
  ResumeTokenHash hash;
  SHA256(reinterpret_cast<const uint8_t*>(token.data()), token.size(), hash.data());
  return hash;
}

bool SameToken(const ResumeTokenHash& a, const ResumeTokenHash& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ferry::gateway
