#include "net/quic/quic_server.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace ferry::net {
namespace {

// A client fills its first packets up to this (RFC 9000 §14.1): an answer never is larger.
constexpr size_t kMinInitialBytes = 1200;
constexpr uint64_t kRetryTokenLifetime = 10 * NGTCP2_SECONDS;
// Of the tokens for later connections.
constexpr uint64_t kNewTokenLifetime = 24 * 3600 * NGTCP2_SECONDS;
// A stateless reset of 43 bytes looks like any packet; it must be smaller than what it answers
// (RFC 9000 §10.3).
constexpr size_t kMaxResetBytes = 43;
constexpr size_t kMinResetBytes = NGTCP2_MIN_STATELESS_RESET_RANDLEN + 16;

}  // namespace

Result<std::unique_ptr<QuicServer>> QuicServer::Start(boost::asio::io_context& io,
                                                      QuicServerSetup setup,
                                                      QuicHandlerFactory factory,
                                                      QuicCounters& counters) {
  const bool shared = setup.worker.count > 1;
  auto socket = UdpSocket::Open(io, setup.local, {.shared = shared, .tells_local = true}, counters);
  if (!socket) return std::unexpected(socket.error());
  if (shared) {
    const int fd = (*socket)->socket().native_handle();
    if (const auto steered = AttachSteering(fd, setup.worker.count); !steered) {
      return std::unexpected(steered.error());
    }
  }
  return std::unique_ptr<QuicServer>(
      new QuicServer(io, std::move(*socket), std::move(setup), std::move(factory), counters));
}

QuicServer::QuicServer(boost::asio::io_context& io, std::unique_ptr<UdpSocket> socket,
                       QuicServerSetup setup, QuicHandlerFactory factory, QuicCounters& counters)
    : setup_(std::move(setup)),
      factory_(std::move(factory)),
      counters_(counters),
      endpoint_(io, std::move(socket), setup_.config, setup_.secret, setup_.worker, counters,
                this) {}

void QuicServer::OnUnmatchedPacket(ByteSpan packet, const ngtcp2_version_cid& id,
                                   const UdpPath& path, uint8_t ecn) {
  const bool long_header = (packet[0] & 0x80) != 0;
  ngtcp2_pkt_hd header;
  if (!long_header) {
    counters_.packets_unknown.Add();
    SendReset(packet, id, path);
  } else if (packet.size() >= kMinInitialBytes &&
             ngtcp2_accept(&header, packet.data(), packet.size()) == 0) {
    Accept(header, path);
    // Its bytes go to the connection that there may be now.
    endpoint_.ReadIfKnown(packet, id, path, ecn);
  } else {
    counters_.packets_unknown.Add();
  }
}

void QuicServer::Accept(const ngtcp2_pkt_hd& header, const UdpPath& path) {
  if (!accepting_ || half_open() >= setup_.config.max_half_open ||
      endpoint_.connections() >= setup_.config.max_connections) {
    counters_.connections_refused.Add();
    Refuse(header, path, NGTCP2_CONNECTION_REFUSED);
    return;
  }
  QuicConnection::Initial initial{header, path, std::nullopt, std::nullopt};
  if (!CheckToken(initial)) {
    Refuse(header, path, NGTCP2_INVALID_TOKEN);
    return;
  }
  const auto address = path.remote.ip();
  if (!initial.token && MustProve(address)) {
    SendRetry(header, path);
    return;
  }
  // An address without a proof may be anybody's, and is charged with nothing: if its client is
  // there, then the connection asks for it when the handshake is done.
  Admission admission(setup_.gate);
  if (initial.token && !admission.Take(address)) {
    counters_.connections_refused.Add();
    Refuse(header, path, NGTCP2_CONNECTION_REFUSED);
    return;
  }
  HalfOpen half_open(half_open_, initial.token ? std::nullopt : std::optional(address));
  auto connection = QuicConnection::Accept(endpoint_, initial, setup_.tls->Get(), factory_,
                                           std::move(half_open), std::move(admission));
  if (connection) endpoint_.Add(std::move(connection));
}

// Whether a client must show that it receives at this address first: where many have not, and where
// the gate would refuse it, so that who is at its limit costs no handshake.
bool QuicServer::MustProve(const boost::asio::ip::address& address) const {
  return half_open_->unvalidated >= setup_.config.retry_threshold ||
         half_open_->Unvalidated(address) >= setup_.config.retry_threshold_per_address ||
         (setup_.gate != nullptr && !setup_.gate->WouldAdmit(address));
}

// False for a Retry token that is not good: the client must not go on with it (RFC 9000 §8.1.2).
// Any other token that is not good counts as none.
bool QuicServer::CheckToken(QuicConnection::Initial& initial) const {
  const ngtcp2_pkt_hd& header = initial.header;
  if (header.tokenlen == 0) return true;
  const UdpAddress& from = initial.path.remote;
  if (header.token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2) {
    ngtcp2_cid original;
    if (ngtcp2_crypto_verify_retry_token2(&original, header.token, header.tokenlen,
                                          setup_.secret.data(), setup_.secret.size(),
                                          header.version, &from.any, from.size, &header.dcid,
                                          kRetryTokenLifetime, QuicEndpoint::TokenTime()) != 0) {
      return false;
    }
    initial.token = NGTCP2_TOKEN_TYPE_RETRY;
    initial.original_id = original;
  } else if (header.token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR &&
             ngtcp2_crypto_verify_regular_token(
                 header.token, header.tokenlen, setup_.secret.data(), setup_.secret.size(),
                 &from.any, from.size, kNewTokenLifetime, QuicEndpoint::TokenTime()) == 0) {
    initial.token = NGTCP2_TOKEN_TYPE_NEW_TOKEN;
  }
  return true;
}

void QuicServer::SendRetry(const ngtcp2_pkt_hd& header, const UdpPath& path) {
  const UdpAddress& to = path.remote;
  const ngtcp2_cid id = endpoint_.NewId();
  std::array<uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2> token;
  const auto token_size = ngtcp2_crypto_generate_retry_token2(
      token.data(), setup_.secret.data(), setup_.secret.size(), header.version, &to.any, to.size,
      &id, &header.dcid, QuicEndpoint::TokenTime());
  if (token_size < 0) return;
  std::array<uint8_t, 512> packet;
  const auto size =
      ngtcp2_crypto_write_retry(packet.data(), packet.size(), header.version, &header.scid, &id,
                                &header.dcid, token.data(), static_cast<size_t>(token_size));
  if (size <= 0) return;
  counters_.retries.Add();
  endpoint_.SendAlone(ByteSpan(packet).first(static_cast<size_t>(size)), path);
}

// Told, because a client that hears nothing tries for seconds before it takes another way.
void QuicServer::Refuse(const ngtcp2_pkt_hd& header, const UdpPath& path, uint64_t error) {
  if (!MayAnswer()) return;
  std::array<uint8_t, 256> packet;
  const auto size = ngtcp2_crypto_write_connection_close(
      packet.data(), packet.size(), header.version, &header.scid, &header.dcid, error, nullptr, 0);
  if (size > 0) endpoint_.SendAlone(ByteSpan(packet).first(static_cast<size_t>(size)), path);
}

void QuicServer::OnUnsupportedVersion(ByteSpan packet, const ngtcp2_version_cid& id,
                                      const UdpPath& path) {
  if (packet.size() < kMinInitialBytes || !MayAnswer()) {
    counters_.packets_unknown.Add();
    return;
  }
  static constexpr std::array<uint32_t, 2> kVersions{NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
  std::array<uint8_t, 600> answer;
  uint8_t random = 0;
  RAND_bytes(&random, 1);
  const auto size = ngtcp2_pkt_write_version_negotiation(answer.data(), answer.size(), random,
                                                         id.scid, id.scidlen, id.dcid, id.dcidlen,
                                                         kVersions.data(), kVersions.size());
  if (size <= 0) return;
  counters_.version_negotiations.Add();
  endpoint_.SendAlone(ByteSpan(answer).first(static_cast<size_t>(size)), path);
}

// Tells a client that its connection is gone, after a restart for instance; unless it is a worker's
// beside us that the packet has missed.
void QuicServer::SendReset(ByteSpan packet, const ngtcp2_version_cid& id, const UdpPath& path) {
  const uint8_t owner = id.dcid[0];
  const bool another = owner != setup_.worker.index && owner < setup_.worker.count;
  if (another || packet.size() <= kMinResetBytes || !MayAnswer()) return;
  const ngtcp2_cid ours = [&] {
    ngtcp2_cid out;
    ngtcp2_cid_init(&out, id.dcid, id.dcidlen);
    return out;
  }();
  std::array<uint8_t, 16> token;
  endpoint_.ResetToken(ours, token.data());
  std::array<uint8_t, kMaxResetBytes> random;
  RAND_bytes(random.data(), static_cast<int>(random.size()));
  const size_t total = std::min(packet.size() - 1, kMaxResetBytes);
  std::array<uint8_t, kMaxResetBytes> reset;
  const auto size = ngtcp2_pkt_write_stateless_reset(reset.data(), reset.size(), token.data(),
                                                     random.data(), total - token.size());
  if (size <= 0) return;
  counters_.resets.Add();
  endpoint_.SendAlone(ByteSpan(reset).first(static_cast<size_t>(size)), path);
}

bool QuicServer::MayAnswer() {
  const uint64_t now = endpoint_.now();
  const double seconds = static_cast<double>(now - answers_counted_at_) / 1e9;
  answers_counted_at_ = now;
  answers_left_ = std::min(kMaxStatelessAnswersPerSecond,
                           answers_left_ + seconds * kMaxStatelessAnswersPerSecond);
  if (answers_left_ < 1) return false;
  answers_left_ -= 1;
  return true;
}

}  // namespace ferry::net
