// TLS 1.3 as QUIC uses it (RFC 9001): contexts for both roles. The protocol agreed on is HTTP/3.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "net/tls_options.h"

namespace ferry::net {

// Immutable once made; connections share it.
class QuicTlsContext {
 public:
  // A server with a certificate chain (leaf first) and the leaf's private key, both PEM.
  static Result<std::shared_ptr<const QuicTlsContext>> Server(std::string_view certificate_chain,
                                                              std::string_view private_key);

  static Result<std::shared_ptr<const QuicTlsContext>> Client(TlsOptions options);

  ~QuicTlsContext();
  QuicTlsContext(const QuicTlsContext&) = delete;
  QuicTlsContext& operator=(const QuicTlsContext&) = delete;

  SSL_CTX* native() const { return context_; }

 private:
  explicit QuicTlsContext(SSL_CTX* context) : context_(context) {}

  SSL_CTX* context_;
  std::vector<CertificateHash> pinned_;
};

// The context that new connections get; may be exchanged at any time from any thread, while those
// that are open keep theirs.
class QuicTlsSource {
 public:
  explicit QuicTlsSource(std::shared_ptr<const QuicTlsContext> context)
      : context_(std::move(context)) {}

  std::shared_ptr<const QuicTlsContext> Get() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  void Set(std::shared_ptr<const QuicTlsContext> context) {
    const std::lock_guard lock(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const QuicTlsContext> context_;
};

}  // namespace ferry::net
