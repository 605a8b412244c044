#include "gateway/net/certificate.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>

#include "net/pem.h"

namespace ferry::gateway {
namespace {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using net::KeyPtr;
using net::X509Ptr;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free>>;

// "DNS:localhost,IP:127.0.0.1,…" as X509V3_EXT_conf_nid reads it. Names with characters that would
// change its meaning are left out.
std::string AlternativeNames(const std::vector<std::string>& names) {
  std::string out = "DNS:localhost,IP:127.0.0.1,IP:::1";
  for (const auto& name : names) {
    std::array<unsigned char, sizeof(in6_addr)> address;
    const bool is_address = inet_pton(AF_INET, name.c_str(), address.data()) == 1 ||
                            inet_pton(AF_INET6, name.c_str(), address.data()) == 1;
    constexpr const char* kNameCharacters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*";
    if (!is_address && (name.empty() || name.find_first_not_of(kNameCharacters) != name.npos)) {
      continue;
    }
    if (name != "localhost") out += (is_address ? ",IP:" : ",DNS:") + name;
  }
  return out;
}

bool AddExtension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

X509Ptr MakeCertificate(EVP_PKEY* key, const std::vector<std::string>& names,
                        int64_t valid_from_s) {
  X509Ptr certificate(X509_new());
  if (!certificate) return nullptr;
  X509* x509 = certificate.get();
  std::array<unsigned char, 8> serial;
  if (RAND_bytes(serial.data(), serial.size()) != 1) return nullptr;
  uint64_t number = 0;
  for (const unsigned char byte : serial) number = number << 8 | byte;
  X509_set_version(x509, 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), number >> 1);
  ASN1_TIME_set(X509_getm_notBefore(x509), static_cast<time_t>(valid_from_s));
  ASN1_TIME_set(X509_getm_notAfter(x509), static_cast<time_t>(valid_from_s + kSelfSignedSeconds));
  X509_set_pubkey(x509, key);
  X509_NAME* subject = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("Ferry gateway"), -1, -1, 0);
  X509_set_issuer_name(x509, subject);
  const bool ok = AddExtension(x509, NID_basic_constraints, "critical,CA:FALSE") &&
                  AddExtension(x509, NID_key_usage, "critical,digitalSignature") &&
                  AddExtension(x509, NID_ext_key_usage, "serverAuth") &&
                  AddExtension(x509, NID_subject_alt_name, AlternativeNames(names)) &&
                  X509_sign(x509, key, EVP_sha256()) > 0;
  return ok ? std::move(certificate) : nullptr;
}

std::string Text(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

int64_t UnixSeconds(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

}  // namespace

Result<PemPair> MakeSelfSigned(const std::vector<std::string>& names, int64_t valid_from_s) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr certificate = key ? MakeCertificate(key.get(), names, valid_from_s) : nullptr;
  const Bio chain(BIO_new(BIO_s_mem()));
  const Bio secret(BIO_new(BIO_s_mem()));
  if (!certificate || PEM_write_bio_X509(chain.get(), certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return Fail(ErrorCode::kUnsupported, "OpenSSL could not make a certificate");
  }
  return PemPair{Text(chain), Text(secret)};
}

Result<CertificateFacts> Inspect(const PemPair& pair) {
  const auto pem = net::ReadPem(pair.certificate_chain, pair.private_key);
  if (!pem) return std::unexpected(pem.error());
  const X509* certificate = pem->leaf.get();
  CertificateFacts facts;
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), facts.hash.data(), &size);
  facts.valid_from_s = UnixSeconds(X509_get0_notBefore(certificate));
  facts.valid_until_s = UnixSeconds(X509_get0_notAfter(certificate));
  return facts;
}

}  // namespace ferry::gateway
