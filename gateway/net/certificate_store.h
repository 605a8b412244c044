// The certificate that new connections are shown, exchanged while the gateway runs: reloaded from
// its files, or made here and renewed in time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gateway/base/clock.h"
#include "gateway/net/asio.h"
#include "gateway/net/certificate.h"

namespace ferry::net {
class QuicTlsContext;
}

namespace ferry::gateway {

// A certificate ready for use; immutable, and alive as long as somebody uses it.
struct ServerIdentity {
  PemPair pem;
  CertificateFacts facts;
  std::shared_ptr<boost::asio::ssl::context> tls;   // for TCP
  std::shared_ptr<const net::QuicTlsContext> quic;  // null: there is no QUIC
};

// Makes QUIC's context of a pair. QUIC is stricter than TCP about the issuers of a chain.
using QuicContextMaker =
    std::function<Result<std::shared_ptr<const net::QuicTlsContext>>(const PemPair&)>;

// Shared by all workers: current() and hashes() may be called from any thread, the others from one.
//
// A self-signed certificate serves for half of its life. The next one exists by then, so that a
// client that knows both hashes can connect whenever it comes back within that half.
class CertificateStore {
 public:
  struct Files {
    std::filesystem::path certificate;  // both empty: self-signed
    std::filesystem::path private_key;
    std::filesystem::path directory;  // of the self-signed ones
    std::vector<std::string> names;   // in the self-signed ones
  };
  static constexpr int64_t kServiceSeconds = kSelfSignedSeconds / 2;

  // Reads or makes what is to be used. A pair that either TCP or QUIC refuses is used for neither;
  // without `quic` there is TCP alone.
  static Result<std::unique_ptr<CertificateStore>> Open(Files files, const Clock& clock,
                                                        QuicContextMaker quic = nullptr);

  std::shared_ptr<const ServerIdentity> current() const;
  // What a browser may be told to trust (serverCertificateHashes): the current and the next
  // self-signed one; none when the certificate is not ours, because then its issuer is trusted.
  std::vector<net::CertificateHash> hashes() const;
  bool self_signed() const { return files_.certificate.empty(); }
  // What is wrong with the current certificate's time, in words; empty: nothing.
  std::string TimeFault() const;

  // Reads the files again. When they are no good, the old certificate stays and the error tells.
  // Nothing happens to a self-signed one. True when the certificate is another now.
  Result<bool> Reload();
  // Replaces a self-signed certificate whose time is over; to be called now and then, each hour
  // will do. True when the certificate is another now.
  Result<bool> Renew();

 private:
  CertificateStore(Files files, const Clock& clock, QuicContextMaker quic)
      : files_(std::move(files)), clock_(clock), make_quic_(std::move(quic)) {}

  Result<std::shared_ptr<const ServerIdentity>> MakeIdentity(PemPair pair) const;
  Result<void> LoadSelfSigned();
  Result<PemPair> MakeFrom(int64_t service_begin_s) const;
  bool InService(const CertificateFacts& facts) const;
  void Use(std::shared_ptr<const ServerIdentity> identity,
           std::vector<net::CertificateHash> hashes);

  const Files files_;
  const Clock& clock_;
  const QuicContextMaker make_quic_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ServerIdentity> current_;
  std::vector<net::CertificateHash> hashes_;
};

}  // namespace ferry::gateway
