#include "net/quic/quic_endpoint.h"

#include <openssl/rand.h>

#include <boost/asio/post.hpp>
#include <chrono>

namespace ferry::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

template <typename Clock>
uint64_t Nanoseconds() {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
          .count());
}

// steady_clock is the system's monotonic clock.
uint64_t MonotonicNow() { return Nanoseconds<std::chrono::steady_clock>(); }

uint64_t RandomSeed() {
  uint64_t seed = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof(seed));
  return seed;
}

}  // namespace

QuicEndpoint::QuicEndpoint(asio::io_context& io, std::unique_ptr<UdpSocket> socket,
                           const QuicConfig& config, const QuicSecret& secret, WorkerSlot worker,
                           QuicCounters& counters, UnmatchedPacketSink* unmatched)
    : io_(io),
      socket_(std::move(socket)),
      local_(socket_->local_address()),
      config_(config),
      secret_(secret),
      worker_(worker),
      counters_(counters),
      unmatched_(unmatched),
      now_(MonotonicNow()),
      ids_(64, ConnectionIdHash{RandomSeed()}),
      timer_(io),
      self_(std::make_shared<QuicEndpoint*>(this)) {
  WaitReadable();
}

QuicEndpoint::~QuicEndpoint() {
  *self_ = nullptr;
  connections_.clear();
}

template <typename Work>
void QuicEndpoint::Turn(Work work) {
  if (in_turn_) {
    work();
    return;
  }
  in_turn_ = true;
  now_ = MonotonicNow();
  work();
  FlushDirty();
  in_turn_ = false;
}

void QuicEndpoint::Add(std::unique_ptr<QuicConnection> connection) {
  QuicConnection& added = *connection;
  added.index = connections_.size();
  connections_.push_back(std::move(connection));
  MarkDirty(added);
}

void QuicEndpoint::CloseAll(uint64_t application_error, std::string_view reason) {
  Turn([&] {
    for (const auto& connection : connections_) connection->Close(application_error, reason);
  });
}

void QuicEndpoint::ReplaceSocket(std::unique_ptr<UdpSocket> socket) {
  socket_ = std::move(socket);
  waiting_writable_ = false;
  WaitReadable();
}

void QuicEndpoint::SendAlone(ByteSpan packet, const UdpPath& path) {
  const MutableByteSpan room = socket_->Reserve();
  if (room.size() < packet.size()) return;  // like a full queue anywhere on the path
  std::ranges::copy(packet, room.begin());
  socket_->Commit(packet.size(), path, 0);
}

void QuicEndpoint::MarkDirty(QuicConnection& connection) {
  if (!connection.dirty) {
    connection.dirty = true;
    dirty_.push_back(&connection);
  }
  if (in_turn_ || turn_posted_) return;
  turn_posted_ = true;
  asio::post(io_, [self = self_] {
    QuicEndpoint* endpoint = *self;
    if (endpoint == nullptr) return;
    endpoint->turn_posted_ = false;
    endpoint->Turn([] {});
  });
}

void QuicEndpoint::SetTimer(QuicConnection& connection, uint64_t deadline) {
  timers_.Set(connection, deadline);
}

void QuicEndpoint::Forget(QuicConnection& connection) {
  timers_.Remove(connection);
  over_.push_back(&connection);
}

ngtcp2_cid QuicEndpoint::NewId() const {
  ngtcp2_cid id{};
  id.datalen = kConnectionIdBytes;
  FillConnectionId({id.data, id.datalen}, worker_);
  return id;
}

void QuicEndpoint::ResetToken(const ngtcp2_cid& id, uint8_t* token) const {
  ngtcp2_crypto_generate_stateless_reset_token(token, secret_.data(), secret_.size(), &id);
}

uint64_t QuicEndpoint::TokenTime() { return Nanoseconds<std::chrono::system_clock>(); }

void QuicEndpoint::SubmitNewToken(ngtcp2_conn* connection, const UdpAddress& remote) const {
  std::array<uint8_t, NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN> token;
  const auto size = ngtcp2_crypto_generate_regular_token(
      token.data(), secret_.data(), secret_.size(), &remote.any, remote.size, TokenTime());
  if (size > 0) ngtcp2_conn_submit_new_token(connection, token.data(), static_cast<size_t>(size));
}

void QuicEndpoint::OnPacket(ByteSpan packet, const UdpPath& path, uint8_t ecn) {
  counters_.packets_in.Add();
  ngtcp2_version_cid id;
  const int error =
      ngtcp2_pkt_decode_version_cid(&id, packet.data(), packet.size(), kConnectionIdBytes);
  if (error == NGTCP2_ERR_VERSION_NEGOTIATION) {
    if (unmatched_ != nullptr) unmatched_->OnUnsupportedVersion(packet, id, path);
    return;
  }
  if (error != 0) {
    counters_.packets_unknown.Add();
    return;
  }
  if (ReadIfKnown(packet, id, path, ecn)) return;
  if (unmatched_ != nullptr) {
    unmatched_->OnUnmatchedPacket(packet, id, path, ecn);
  } else if (connections_.size() == 1) {
    // A client's: it may be a stateless reset, which only the connection can tell.
    connections_.front()->Read(packet, path, ecn, now_);
  } else {
    counters_.packets_unknown.Add();
  }
}

bool QuicEndpoint::ReadIfKnown(ByteSpan packet, const ngtcp2_version_cid& id, const UdpPath& path,
                               uint8_t ecn) {
  const auto it = ids_.find(ConnectionId(ByteSpan(id.dcid, id.dcidlen)));
  if (it == ids_.end()) return false;
  it->second->Read(packet, path, ecn, now_);
  return true;
}

void QuicEndpoint::WaitReadable() {
  socket_->socket().async_wait(
      asio::ip::udp::socket::wait_read, [self = self_, socket = socket_.get()](error_code error) {
        QuicEndpoint* endpoint = *self;
        if (error || endpoint == nullptr || endpoint->socket_.get() != socket) return;
        endpoint->Turn([&] { endpoint->socket_->Receive(*endpoint); });
        // The handlers may have ended everything.
        if (*self != nullptr && endpoint->socket_.get() == socket) endpoint->WaitReadable();
      });
}

void QuicEndpoint::WaitWritable() {
  if (waiting_writable_) return;
  waiting_writable_ = true;
  socket_->socket().async_wait(asio::ip::udp::socket::wait_write,
                               [self = self_, socket = socket_.get()](error_code error) {
                                 QuicEndpoint* endpoint = *self;
                                 if (endpoint == nullptr || endpoint->socket_.get() != socket)
                                   return;
                                 endpoint->waiting_writable_ = false;
                                 if (!error) endpoint->Turn([] {});
                               });
}

void QuicEndpoint::FlushDirty() {
  // Handlers may mark further connections meanwhile; those that the socket has no room for come
  // back, first and in their order, when it has.
  socket_->Flush();
  size_t waiting = 0;
  for (size_t i = 0; i < dirty_.size(); ++i) {
    QuicConnection& connection = *dirty_[i];
    connection.dirty = false;
    if (connection.Flush(now_)) continue;
    connection.dirty = true;
    dirty_[waiting++] = &connection;
  }
  dirty_.resize(waiting);
  if (!socket_->Flush() || waiting > 0) WaitWritable();
  RemoveClosed();
  ArmTimer();
}

// Destroys the connections that are over.
void QuicEndpoint::RemoveClosed() {
  for (QuicConnection* over : over_) {
    QuicConnection& connection = *over;
    if (connection.dirty) std::erase(dirty_, &connection);
    const size_t index = connection.index;
    std::swap(connections_[index], connections_.back());
    connections_[index]->index = index;
    connections_.pop_back();
  }
  over_.clear();
}

void QuicEndpoint::ArmTimer() {
  const TimerHeap::Entry* first = timers_.first();
  if (first == nullptr || first->deadline() >= armed_for_) return;
  armed_for_ = first->deadline();
  timer_.expires_at(std::chrono::steady_clock::time_point(
      std::chrono::nanoseconds(static_cast<int64_t>(armed_for_))));
  timer_.async_wait([self = self_](error_code error) {
    QuicEndpoint* endpoint = *self;
    if (error || endpoint == nullptr) return;
    endpoint->armed_for_ = TimerHeap::kNever;
    endpoint->Turn([&] { endpoint->OnTimer(); });
  });
}

void QuicEndpoint::OnTimer() {
  while (TimerHeap::Entry* first = timers_.first()) {
    if (first->deadline() > now_) break;
    static_cast<QuicConnection*>(first)->OnTimer(now_);
  }
}

}  // namespace ferry::net
