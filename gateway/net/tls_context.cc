#include "gateway/net/tls_context.h"

#include <openssl/ssl.h>

#include <string>

namespace ferry::gateway {
namespace {

// HTTP/1.1 is all we speak; a client that offers it by ALPN is told so (RFC 7301).
int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kSupported[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  const int status = SSL_select_next_proto(&selected, out_size, kSupported, sizeof(kSupported) - 1,
                                           offered, offered_size);
  if (status != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::shared_ptr<boost::asio::ssl::context>> MakeTlsContext(const PemPair& pair) {
  namespace ssl = boost::asio::ssl;
  try {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Idle connections keep no record buffers (34 kB each).
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(native, SelectProtocol, nullptr);
    context->use_certificate_chain(boost::asio::buffer(pair.certificate_chain));
    context->use_private_key(boost::asio::buffer(pair.private_key), ssl::context::pem);
    return context;
  } catch (const boost::system::system_error& error) {
    return Fail(ErrorCode::kInvalidArgument,
                std::string("TLS cannot use the certificate: ") + error.what());
  }
}

}  // namespace ferry::gateway
