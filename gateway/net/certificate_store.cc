#include "gateway/net/certificate_store.h"

#include <array>
#include <ctime>
#include <utility>

#include "gateway/net/private_file.h"
#include "gateway/net/tls_context.h"

namespace ferry::gateway {
namespace {

namespace fs = std::filesystem;

// Clients' clocks may be behind.
constexpr int64_t kBackdateSeconds = 3600;
// A PEM file is a few kB; a chain of many certificates still fits.
constexpr uintmax_t kMaxPemBytes = 1024 * 1024;

struct PairFiles {
  fs::path certificate;
  fs::path private_key;
};
PairFiles CurrentFiles(const fs::path& directory) {
  return {directory / "certificate.pem", directory / "private-key.pem"};
}
PairFiles NextFiles(const fs::path& directory) {
  return {directory / "next-certificate.pem", directory / "next-private-key.pem"};
}

Result<PemPair> ReadPair(const PairFiles& files) {
  auto chain = ReadWholeFile(files.certificate, kMaxPemBytes);
  if (!chain) return std::unexpected(chain.error());
  auto key = ReadWholeFile(files.private_key, kMaxPemBytes);
  if (!key) return std::unexpected(key.error());
  return PemPair{std::move(*chain), std::move(*key)};
}

Result<void> WritePair(const PairFiles& files, const PemPair& pair) {
  if (auto key = WritePrivateFile(files.private_key, pair.private_key); !key) return key;
  return WritePrivateFile(files.certificate, pair.certificate_chain);
}

// As RFC 3339 has it, in UTC.
std::string DateText(int64_t unix_s) {
  const auto time = static_cast<time_t>(unix_s);
  std::tm parts{};
  std::array<char, 32> text{};
  if (gmtime_r(&time, &parts) == nullptr) return std::to_string(unix_s);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

Result<std::unique_ptr<CertificateStore>> CertificateStore::Open(Files files, const Clock& clock,
                                                                 QuicContextMaker quic) {
  std::unique_ptr<CertificateStore> store(
      new CertificateStore(std::move(files), clock, std::move(quic)));
  if (store->self_signed()) {
    if (auto loaded = store->LoadSelfSigned(); !loaded) return std::unexpected(loaded.error());
  } else if (auto loaded = store->Reload(); !loaded) {
    return std::unexpected(loaded.error());
  }
  return store;
}

Result<std::shared_ptr<const ServerIdentity>> CertificateStore::MakeIdentity(PemPair pair) const {
  auto facts = Inspect(pair);
  if (!facts) return std::unexpected(facts.error());
  auto tls = MakeTlsContext(pair);
  if (!tls) return std::unexpected(tls.error());
  std::shared_ptr<const net::QuicTlsContext> quic;
  if (make_quic_) {
    auto made = make_quic_(pair);
    if (!made) return std::unexpected(made.error());
    quic = std::move(*made);
  }
  return std::make_shared<const ServerIdentity>(
      ServerIdentity{std::move(pair), *facts, std::move(*tls), std::move(quic)});
}

std::string CertificateStore::TimeFault() const {
  const CertificateFacts& facts = current()->facts;
  const int64_t now = clock_.UnixMs() / 1000;
  if (now >= facts.valid_until_s) return "expired on " + DateText(facts.valid_until_s);
  if (now < facts.valid_from_s) return "not valid before " + DateText(facts.valid_from_s);
  return "";
}

std::shared_ptr<const ServerIdentity> CertificateStore::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::vector<net::CertificateHash> CertificateStore::hashes() const {
  const std::lock_guard lock(mutex_);
  return hashes_;
}

void CertificateStore::Use(std::shared_ptr<const ServerIdentity> identity,
                           std::vector<net::CertificateHash> hashes) {
  const std::lock_guard lock(mutex_);
  current_ = std::move(identity);
  hashes_ = std::move(hashes);
}

Result<bool> CertificateStore::Reload() {
  if (self_signed()) return false;
  auto pair = ReadPair({files_.certificate, files_.private_key});
  if (!pair) return std::unexpected(pair.error());
  if (current_ && current_->pem == *pair) return false;
  auto identity = MakeIdentity(std::move(*pair));
  if (!identity) {
    return Fail(identity.error().code, "cannot use certificate " + files_.certificate.string() +
                                           " with key " + files_.private_key.string() + ": " +
                                           identity.error().message);
  }
  Use(std::move(*identity), {});
  return true;
}

bool CertificateStore::InService(const CertificateFacts& facts) const {
  const int64_t now = clock_.UnixMs() / 1000;
  // One of another length was made by something else.
  return facts.valid_until_s - facts.valid_from_s == kSelfSignedSeconds &&
         now >= facts.valid_from_s && now < facts.valid_from_s + kBackdateSeconds + kServiceSeconds;
}

Result<PemPair> CertificateStore::MakeFrom(int64_t service_begin_s) const {
  return MakeSelfSigned(files_.names, service_begin_s - kBackdateSeconds);
}

// What was kept is used as far as it goes: the current pair, or in its place the next one when its
// time has come.
Result<void> CertificateStore::LoadSelfSigned() {
  const auto in_service = [this](const Result<PemPair>& pair) {
    if (!pair) return false;
    const auto facts = Inspect(*pair);
    return facts && InService(*facts);
  };
  auto pair = ReadPair(CurrentFiles(files_.directory));
  auto next = ReadPair(NextFiles(files_.directory));
  bool changed = false;
  if (!in_service(pair)) {
    changed = true;
    pair = in_service(next) ? next : MakeFrom(clock_.UnixMs() / 1000);
    if (!pair) return std::unexpected(pair.error());
  }
  auto identity = MakeIdentity(*pair);
  if (!identity) return std::unexpected(identity.error());
  const int64_t next_begin_s = (*identity)->facts.valid_from_s + kBackdateSeconds + kServiceSeconds;
  auto next_facts = next ? Inspect(*next) : std::unexpected(next.error());
  if (!next_facts || next_facts->valid_from_s != next_begin_s - kBackdateSeconds) {
    next = MakeFrom(next_begin_s);
    if (!next) return std::unexpected(next.error());
    next_facts = Inspect(*next);
    changed = true;
  }
  if (changed) {
    // The current pair first: as long as it is half written, the next one, found above, serves.
    const PairFiles next_files = NextFiles(files_.directory);
    const PairFiles current_files = CurrentFiles(files_.directory);
    if (auto written = WritePair(current_files, *pair); !written) return written;
    if (auto written = WritePair(next_files, *next); !written) return written;
  }
  Use(*identity, {(*identity)->facts.hash, next_facts->hash});
  return {};
}

Result<bool> CertificateStore::Renew() {
  if (!self_signed() || InService(current_->facts)) return false;
  auto loaded = LoadSelfSigned();
  if (!loaded) return std::unexpected(loaded.error());
  return true;
}

}  // namespace ferry::gateway
