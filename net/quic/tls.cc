#include "net/quic/tls.h"

#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <string>

#include "net/pem.h"

namespace ferry::net {
namespace {

constexpr unsigned char kHttp3[] = "\x02h3";

std::unexpected<Error> TlsFailure(const std::string& what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return Fail(ErrorCode::kInvalidArgument, what + ": " + text.data());
}

// A client that offers no HTTP/3 is refused (RFC 9001 §8.1).
int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, out_size, kHttp3, sizeof(kHttp3) - 1, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

int VerifyPinned(X509_STORE_CTX* store, void* context) {
  const auto& pinned = *static_cast<const std::vector<CertificateHash>*>(context);
  const X509* leaf = X509_STORE_CTX_get0_cert(store);
  unsigned char* der = nullptr;
  const int size = leaf == nullptr ? -1 : i2d_X509(leaf, &der);
  bool known = false;
  if (size > 0) {
    CertificateHash hash;
    SHA256(der, static_cast<size_t>(size), hash.data());
    known = std::ranges::find(pinned, hash) != pinned.end();
    OPENSSL_free(der);
  }
  if (!known) X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  return known ? 1 : 0;
}

SSL_CTX* NewContext(const SSL_METHOD* method) {
  static const int initialised = ngtcp2_crypto_ossl_init();
  SSL_CTX* context = initialised == 0 ? SSL_CTX_new(method) : nullptr;
  if (context != nullptr) {
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  }
  return context;
}

}  // namespace

QuicTlsContext::~QuicTlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const QuicTlsContext>> QuicTlsContext::Server(
    std::string_view certificate_chain, std::string_view private_key) {
  SSL_CTX* native = NewContext(TLS_server_method());
  if (native == nullptr) return TlsFailure("cannot set TLS up");
  std::shared_ptr<const QuicTlsContext> context(new QuicTlsContext(native));
  SSL_CTX_set_alpn_select_cb(native, SelectProtocol, nullptr);
  // Sessions are long and few: no tickets, which every handshake would pay for.
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);

  const auto pem = ReadPem(certificate_chain, private_key);
  if (!pem) return std::unexpected(pem.error());
  if (SSL_CTX_use_certificate(native, pem->leaf.get()) != 1) {
    return TlsFailure("QUIC cannot use the certificate");
  }
  for (const X509Ptr& issuer : pem->issuers) {
    if (SSL_CTX_add1_chain_cert(native, issuer.get()) != 1) {
      return TlsFailure("QUIC cannot use the certificate chain");
    }
  }
  if (SSL_CTX_use_PrivateKey(native, pem->key.get()) != 1) {
    return TlsFailure("QUIC cannot use the private key");
  }
  return context;
}

Result<std::shared_ptr<const QuicTlsContext>> QuicTlsContext::Client(TlsOptions options) {
  SSL_CTX* native = NewContext(TLS_client_method());
  if (native == nullptr) return TlsFailure("cannot set TLS up");
  std::shared_ptr<QuicTlsContext> context(new QuicTlsContext(native));
  SSL_CTX_set_alpn_protos(native, kHttp3, sizeof(kHttp3) - 1);
  if (options.insecure) return context;
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
  if (!options.pinned.empty()) {
    context->pinned_ = std::move(options.pinned);
    SSL_CTX_set_cert_verify_callback(native, VerifyPinned, &context->pinned_);
  } else if (options.ca_file.empty()) {
    if (SSL_CTX_set_default_verify_paths(native) != 1) {
      return TlsFailure("cannot load the system's certificate authorities");
    }
  } else if (SSL_CTX_load_verify_locations(native, options.ca_file.c_str(), nullptr) != 1) {
    return TlsFailure("cannot use the authorities in " + options.ca_file);
  }
  return context;
}

}  // namespace ferry::net
