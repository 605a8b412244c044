#include "gateway/net/quic_secret.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>

#include "gateway/net/private_file.h"

namespace ferry::gateway {
namespace {

namespace fs = std::filesystem;

// Of a file that is not ours, enough to see that.
constexpr uintmax_t kMaxFileBytes = 4096;

Result<net::QuicSecret> Make(const fs::path& path) {
  net::QuicSecret secret;
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1) {
    return Fail(ErrorCode::kInvalidArgument, "the system has no randomness to give");
  }
  auto written =
      WritePrivateFile(path, {reinterpret_cast<const char*>(secret.data()), secret.size()});
  if (!written) return std::unexpected(written.error());
  return secret;
}

}  // namespace

Result<net::QuicSecret> LoadOrMakeQuicSecret(const fs::path& folder) {
  const fs::path path = folder / "quic-secret";
  std::error_code error;
  if (!fs::exists(path, error) && !error) return Make(path);
  auto content = ReadWholeFile(path, kMaxFileBytes);
  if (!content) return std::unexpected(content.error());
  net::QuicSecret secret;
  if (content->size() != secret.size()) {
    return Fail(ErrorCode::kInvalidArgument,
                path.string() + " has " + std::to_string(content->size()) + " bytes, not " +
                    std::to_string(secret.size()) +
                    ": restore it, or remove it and a new one is made");
  }
  std::ranges::copy(*content, secret.begin());
  OPENSSL_cleanse(content->data(), content->size());
  return secret;
}

}  // namespace ferry::gateway
