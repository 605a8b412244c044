#include "gateway/net/certificate.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "gateway/auth/hex.h"

namespace ferry::gateway {
namespace {

constexpr long kValiditySeconds = 365L * 86400;
constexpr long kBackdateSeconds = 3600;  // clients' clocks may be behind
constexpr int kRenewDays = 30;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using File = std::unique_ptr<FILE, Deleter<fclose>>;

Certificate ReadCertificate(const std::filesystem::path& path) {
  const File file(fopen(path.c_str(), "re"));
  return Certificate(file ? PEM_read_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
}

bool StillGood(const CertificateFiles& files) {
  const Certificate certificate = ReadCertificate(files.certificate);
  const File file(fopen(files.private_key.c_str(), "re"));
  if (!certificate || !file) return false;
  const Key key(PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr));
  int days = 0;
  int seconds = 0;
  return key && X509_check_private_key(certificate.get(), key.get()) == 1 &&
         ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get())) == 1 &&
         days >= kRenewDays;
}

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

Certificate MakeCertificate(EVP_PKEY* key, const std::vector<std::string>& names) {
  Certificate certificate(X509_new());
  if (!certificate) return nullptr;
  std::array<unsigned char, 8> serial;
  if (RAND_bytes(serial.data(), serial.size()) != 1) return nullptr;
  uint64_t number = 0;
  for (const unsigned char byte : serial) number = number << 8 | byte;
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), number >> 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kBackdateSeconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kValiditySeconds);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("Ferry gateway"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  const bool ok = AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                  AddExtension(certificate.get(), NID_key_usage, "critical,digitalSignature") &&
                  AddExtension(certificate.get(), NID_ext_key_usage, "serverAuth") &&
                  AddExtension(certificate.get(), NID_subject_alt_name, AlternativeNames(names)) &&
                  X509_sign(certificate.get(), key, EVP_sha256()) > 0;
  return ok ? std::move(certificate) : nullptr;
}

// Written beside and renamed, so that a crash leaves no half file; 0600 from the beginning.
template <typename Write>
bool WriteFile(const std::filesystem::path& path, Write&& write) {
  const std::filesystem::path temporary = path.string() + ".new";
  const int descriptor = open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor < 0) return false;
  File file(fdopen(descriptor, "w"));
  if (!file) return false;
  if (write(file.get()) != 1 || fflush(file.get()) != 0) return false;
  file.reset();
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  return !error;
}

}  // namespace

Result<CertificateFiles> EnsureSelfSignedCertificate(const std::filesystem::path& directory,
                                                     const std::vector<std::string>& names) {
  const CertificateFiles files{directory / "certificate.pem", directory / "private-key.pem"};
  if (StillGood(files)) return files;
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = key ? MakeCertificate(key.get(), names) : nullptr;
  if (!certificate) return Fail(ErrorCode::kUnsupported, "OpenSSL could not make a certificate");
  const bool written = WriteFile(files.private_key,
                                 [&](FILE* file) {
                                   return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0,
                                                               nullptr, nullptr);
                                 }) &&
                       WriteFile(files.certificate, [&](FILE* file) {
                         return PEM_write_X509(file, certificate.get());
                       });
  if (!written) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot write the certificate to " + directory.string() + ": is it writable?");
  }
  return files;
}

Result<std::string> CertificateFingerprint(const std::filesystem::path& path) {
  const Certificate certificate = ReadCertificate(path);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (!certificate || X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return Fail(ErrorCode::kMalformed, "cannot read a certificate from " + path.string());
  }
  return Hex(ByteSpan(digest).first(size));
}

}  // namespace ferry::gateway
