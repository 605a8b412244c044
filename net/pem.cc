#include "net/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace ferry::net {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;

BioPtr Reader(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// OpenSSL would ask at the terminal. Notes in a bool, if it is given one, that there was need of
// it.
int NoPassword(char*, int, int, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return -1;
}

// The next certificate of the text; null after the last, and where what follows is none.
X509Ptr NextCertificate(BIO* text) {
  return X509Ptr(PEM_read_bio_X509(text, nullptr, NoPassword, nullptr));
}

// Whether the reader stopped because nothing more begins, not because what began is broken.
bool AtEnd() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

}  // namespace

Result<CertificateChain> ReadPem(std::string_view chain, std::string_view key) {
  CertificateChain read;
  const BioPtr certificates = Reader(chain);
  ERR_clear_error();
  read.leaf = NextCertificate(certificates.get());
  if (!read.leaf) {
    ERR_clear_error();
    return Fail(ErrorCode::kMalformed, "there is no certificate in PEM form");
  }
  while (X509Ptr issuer = NextCertificate(certificates.get())) {
    read.issuers.push_back(std::move(issuer));
  }
  const bool whole = AtEnd();
  ERR_clear_error();
  if (!whole) {
    return Fail(ErrorCode::kMalformed, "certificate " + std::to_string(read.issuers.size() + 2) +
                                           " of the chain is broken");
  }
  bool locked = false;
  read.key.reset(PEM_read_bio_PrivateKey(Reader(key).get(), nullptr, NoPassword, &locked));
  ERR_clear_error();
  if (!read.key && locked) {
    return Fail(ErrorCode::kMalformed,
                "the private key is under a password, and there is nobody to be asked for it: take "
                "it off with `openssl pkey -in KEY -out PLAIN`");
  }
  if (!read.key) return Fail(ErrorCode::kMalformed, "there is no private key in PEM form");
  const bool belongs = X509_check_private_key(read.leaf.get(), read.key.get()) == 1;
  ERR_clear_error();
  if (!belongs) return Fail(ErrorCode::kMalformed, "the private key is not the certificate's");
  return read;
}

}  // namespace ferry::net
