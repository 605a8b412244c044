// Certificates and keys as text (RFC 7468).
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace ferry::net {

struct FreeOpenSsl {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using X509Ptr = std::unique_ptr<X509, FreeOpenSsl>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeOpenSsl>;

// A certificate with those that vouch for it, and its key.
struct CertificateChain {
  X509Ptr leaf;
  std::vector<X509Ptr> issuers;  // in the text's order
  KeyPtr key;
};

// The certificates of `chain`, one at least, the first of which `key` must belong to. Keys under a
// password are refused: nobody is there to be asked for it.
Result<CertificateChain> ReadPem(std::string_view chain, std::string_view key);

}  // namespace ferry::net
