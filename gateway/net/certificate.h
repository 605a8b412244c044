// Certificates: those the gateway makes for itself, and reading anybody's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "net/tls_options.h"

namespace ferry::gateway {

// A certificate chain, leaf first, and the leaf's private key, both PEM.
struct PemPair {
  std::string certificate_chain;
  std::string private_key;
  bool operator==(const PemPair&) const = default;
};

// What there is to know of the leaf of a pair whose key belongs to it.
struct CertificateFacts {
  net::CertificateHash hash{};
  int64_t valid_from_s = 0;  // Unix time
  int64_t valid_until_s = 0;
};

// The longest that the W3C's WebTransport takes for a certificate known by its hash is 14 days.
inline constexpr int64_t kSelfSignedSeconds = 13 * 86'400;

// A new P-256 pair, valid for kSelfSignedSeconds from `valid_from_s` on. `names` are host names or
// addresses it is for, besides localhost.
Result<PemPair> MakeSelfSigned(const std::vector<std::string>& names, int64_t valid_from_s);

// An error when either is unreadable or they do not belong together.
Result<CertificateFacts> Inspect(const PemPair& pair);

}  // namespace ferry::gateway
