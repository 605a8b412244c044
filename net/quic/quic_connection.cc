#include "net/quic/quic_connection.h"

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <exception>

#include "net/quic/idle_deadline.h"
#include "net/quic/quic_endpoint.h"

namespace ferry::net {
namespace {

// Flow control: what a peer may have in flight to us, of a stream and of all. Streams carry control
// messages and HTTP/3's own, never media.
constexpr uint64_t kStreamWindowBytes = 256 * 1024;
constexpr uint64_t kConnectionWindowBytes = 1024 * 1024;
// The largest DATAGRAM frame taken; a packet bounds it anyway.
constexpr uint64_t kMaxDatagramFrameBytes = 65'535;
// A client needs one to move to while one is in use.
constexpr uint64_t kActiveConnectionIds = 4;

uint64_t Nanoseconds(Duration duration) { return static_cast<uint64_t>(duration.us()) * 1000; }

}  // namespace

QuicConnection::QuicConnection(QuicEndpoint& endpoint, const UdpPath& path,
                               std::shared_ptr<const QuicTlsContext> tls)
    : endpoint_(endpoint), tls_(std::move(tls)), path_(path), remote_text_(path.remote.Text()) {
  ngtcp2_path_storage_zero(&write_path_);
  conn_ref_.get_conn = [](ngtcp2_crypto_conn_ref* ref) {
    return static_cast<QuicConnection*>(ref->user_data)->conn_;
  };
  conn_ref_.user_data = this;
}

QuicConnection::~QuicConnection() {
  if (conn_ != nullptr) {
    std::vector<ngtcp2_cid> ids(ngtcp2_conn_get_scid(conn_, nullptr));
    ngtcp2_conn_get_scid(conn_, ids.data());
    for (const ngtcp2_cid& id : ids) endpoint_.RemoveId(ConnectionId(id));
  }
  if (client_chosen_id_) endpoint_.RemoveId(*client_chosen_id_);
  if (ssl_ != nullptr) {
    SSL_set_app_data(ssl_, nullptr);
    SSL_free(ssl_);
  }
  if (crypto_ != nullptr) ngtcp2_crypto_ossl_ctx_del(crypto_);
  ngtcp2_conn_del(conn_);
}

ngtcp2_settings QuicConnection::Settings(uint64_t now) const {
  const QuicConfig& config = endpoint_.config();
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  // Leaves the rate of media to the application: a loss-based controller under it would build a
  // queue of its own at every lost packet.
  settings.cc_algo = NGTCP2_CC_ALGO_BBR;
  settings.initial_ts = now;
  settings.max_tx_udp_payload_size = UdpSocket::kMaxPacketBytes;
  settings.handshake_timeout = Nanoseconds(config.handshake_timeout);
  return settings;
}

ngtcp2_transport_params QuicConnection::TransportParameters() const {
  const QuicConfig& config = endpoint_.config();
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_stream_data_bidi_local = kStreamWindowBytes;
  params.initial_max_stream_data_bidi_remote = kStreamWindowBytes;
  params.initial_max_stream_data_uni = kStreamWindowBytes;
  params.initial_max_data = kConnectionWindowBytes;
  params.initial_max_streams_bidi = config.max_bidi_streams;
  params.initial_max_streams_uni = config.max_uni_streams;
  params.max_ack_delay = kMaxAckDelay;
  params.max_idle_timeout = Nanoseconds(config.idle_timeout);
  params.max_datagram_frame_size = kMaxDatagramFrameBytes;
  params.active_connection_id_limit = kActiveConnectionIds;
  params.grease_quic_bit = 1;
  return params;
}

// Where the local end is the kernel's choice, ngtcp2 is to see one that stays.
ngtcp2_path QuicConnection::NativePath(const UdpPath& path) const {
  const UdpAddress& local = path.local.size > 0 ? path.local : endpoint_.local_address();
  const auto address = [](const UdpAddress& a) {
    return ngtcp2_addr{const_cast<sockaddr*>(&a.any), a.size};
  };
  return {address(local), address(path.remote), nullptr};
}

bool QuicConnection::StartTls(bool server) {
  ssl_ = SSL_new(tls_->native());
  if (ssl_ == nullptr || ngtcp2_crypto_ossl_ctx_new(&crypto_, ssl_) != 0) return false;
  const int configured = server ? ngtcp2_crypto_ossl_configure_server_session(ssl_)
                                : ngtcp2_crypto_ossl_configure_client_session(ssl_);
  if (configured != 0) return false;
  SSL_set_app_data(ssl_, &conn_ref_);
  server ? SSL_set_accept_state(ssl_) : SSL_set_connect_state(ssl_);
  ngtcp2_conn_set_tls_native_handle(conn_, crypto_);
  return true;
}

std::unique_ptr<QuicConnection> QuicConnection::Accept(QuicEndpoint& endpoint,
                                                       const Initial& initial,
                                                       std::shared_ptr<const QuicTlsContext> tls,
                                                       const QuicHandlerFactory& factory,
                                                       HalfOpen half_open, Admission admission) {
  std::unique_ptr<QuicConnection> made(new QuicConnection(endpoint, initial.path, std::move(tls)));
  QuicConnection& self = *made;
  self.factory_ = factory;
  self.half_open_ = std::move(half_open);
  self.admission_ = std::move(admission);
  const ngtcp2_pkt_hd& header = initial.header;
  ngtcp2_settings settings = self.Settings(endpoint.now());
  if (initial.token) {
    settings.token = header.token;
    settings.tokenlen = header.tokenlen;
    settings.token_type = *initial.token;
  }
  ngtcp2_transport_params params = self.TransportParameters();
  params.original_dcid = initial.original_id.value_or(header.dcid);
  params.original_dcid_present = 1;
  if (initial.original_id) {
    params.retry_scid = header.dcid;
    params.retry_scid_present = 1;
  }
  const ngtcp2_cid id = endpoint.NewId();
  endpoint.ResetToken(id, params.stateless_reset_token);
  params.stateless_reset_token_present = 1;
  const ngtcp2_path path = self.NativePath(initial.path);
  if (ngtcp2_conn_server_new(&self.conn_, &header.scid, &id, &path, header.version,
                             &NativeCallbacks(), &settings, &params, nullptr, &self) != 0 ||
      !self.StartTls(true)) {
    return nullptr;
  }
  // Until it has heard from us the client addresses us by the id that it made up.
  self.client_chosen_id_ = ConnectionId(header.dcid);
  endpoint.AddId(*self.client_chosen_id_, self);
  endpoint.AddId(ConnectionId(id), self);
  return made;
}

std::unique_ptr<QuicConnection> QuicConnection::Connect(QuicEndpoint& endpoint,
                                                        const UdpAddress& remote,
                                                        const std::string& server_name,
                                                        std::shared_ptr<const QuicTlsContext> tls,
                                                        const QuicHandlerFactory& factory) {
  std::unique_ptr<QuicConnection> made(new QuicConnection(endpoint, {{}, remote}, std::move(tls)));
  QuicConnection& self = *made;
  self.factory_ = factory;
  const ngtcp2_settings settings = self.Settings(endpoint.now());
  const ngtcp2_transport_params params = self.TransportParameters();
  const ngtcp2_cid id = endpoint.NewId();
  // Random throughout, so that a server's workers share the clients.
  ngtcp2_cid server_id{};
  server_id.datalen = kConnectionIdBytes;
  RAND_bytes(server_id.data, static_cast<int>(server_id.datalen));
  const ngtcp2_path path = self.NativePath(self.path_);
  if (ngtcp2_conn_client_new(&self.conn_, &server_id, &id, &path, NGTCP2_PROTO_VER_V1,
                             &NativeCallbacks(), &settings, &params, nullptr, &self) != 0 ||
      !self.StartTls(false)) {
    return nullptr;
  }
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(server_name, not_an_address);
  X509_VERIFY_PARAM* verify = SSL_get0_param(self.ssl_);
  if (not_an_address) {
    SSL_set_tlsext_host_name(self.ssl_, server_name.c_str());
    X509_VERIFY_PARAM_set1_host(verify, server_name.c_str(), server_name.size());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(verify, server_name.c_str());
  }
  endpoint.AddId(ConnectionId(id), self);
  if (!self.MakeHandler(factory)) return nullptr;
  self.UpdateTimer();
  return made;
}

bool QuicConnection::MakeHandler(const QuicHandlerFactory& factory) {
  handler_ = factory(*this);
  factory_ = nullptr;
  return handler_ != nullptr;
}

std::optional<int64_t> QuicConnection::Open(OpenFunction open) {
  if (state_ != State::kOpen || packet_begun_) {
    opening_refused_ |= packet_begun_;
    return std::nullopt;
  }
  int64_t id = -1;
  if (open(conn_, &id, nullptr) != 0) return std::nullopt;
  streams_.try_emplace(id);
  return id;
}

bool QuicConnection::Write(int64_t id, ByteSpan bytes, bool fin) {
  const auto it = streams_.find(id);
  if (state_ != State::kOpen || it == streams_.end()) return false;
  Stream& stream = it->second;
  if (stream.ended || stream.fin) return false;
  if (!stream.out.Append(bytes)) {
    stream.refused = true;
    return false;
  }
  stream.fin = fin;
  Enqueue(id, stream);
  return true;
}

size_t QuicConnection::unsent(int64_t id) const {
  const auto it = streams_.find(id);
  return it == streams_.end() ? 0 : it->second.out.unsent();
}

QuicCounters& QuicConnection::counters() const { return endpoint_.counters(); }

size_t QuicConnection::unacknowledged(int64_t id) const {
  const auto it = streams_.find(id);
  return it == streams_.end() ? 0 : it->second.out.held();
}

void QuicConnection::ResetStream(int64_t id, uint64_t code) {
  const auto it = streams_.find(id);
  if (state_ != State::kOpen || it == streams_.end()) return;
  it->second.ended = true;
  ngtcp2_conn_shutdown_stream_write(conn_, 0, id, code);
  endpoint_.MarkDirty(*this);
}

void QuicConnection::StopSending(int64_t id, uint64_t code) {
  if (state_ != State::kOpen) return;
  ngtcp2_conn_shutdown_stream_read(conn_, 0, id, code);
  endpoint_.MarkDirty(*this);
}

void QuicConnection::Consumed(int64_t id, size_t bytes) {
  const auto it = streams_.find(id);
  if (state_ != State::kOpen || it == streams_.end()) return;
  bytes = std::min(bytes, it->second.unconsumed);
  it->second.unconsumed -= bytes;
  ngtcp2_conn_extend_max_stream_offset(conn_, id, bytes);
  ngtcp2_conn_extend_max_offset(conn_, bytes);
}

void QuicConnection::SetDatagramSource(bool ready) {
  datagrams_ready_ = ready;
  if (ready && state_ == State::kOpen && !flushing_) endpoint_.MarkDirty(*this);
}

void QuicConnection::Close(uint64_t application_error, std::string_view reason) {
  if (state_ != State::kOpen || close_request_) return;
  close_request_ = {CloseRequest::Kind::kApplication, application_error, std::string(reason)};
  endpoint_.MarkDirty(*this);
}

void QuicConnection::Abort() {
  if (state_ != State::kOpen) return;
  close_request_ = {CloseRequest::Kind::kAbort, 0, "cut off"};
  endpoint_.MarkDirty(*this);
}

void QuicConnection::Read(ByteSpan packet, const UdpPath& path, uint8_t ecn, uint64_t now) {
  if (state_ != State::kOpen) {
    ++packets_since_close_;
    const bool answered = (packets_since_close_ & (packets_since_close_ - 1)) == 0;
    if (state_ == State::kClosing && answered) endpoint_.SendAlone(close_packet_, path_);
    return;
  }
  const ngtcp2_path native = NativePath(path);
  const ngtcp2_pkt_info info{.ecn = ecn};
  const int error = ngtcp2_conn_read_pkt(conn_, &native, &info, packet.data(), packet.size(), now);
  if (error != 0) {
    Fail(error, now);
    return;
  }
  endpoint_.MarkDirty(*this);
}

void QuicConnection::OnTimer(uint64_t now) {
  if (state_ != State::kOpen) {
    End(State::kOver, {}, now);
    return;
  }
  // The deadline in the heap is only moved when the true one is earlier: see UpdateTimer.
  if (const uint64_t next = NextDeadline(); next > now) {
    endpoint_.SetTimer(*this, next);
    return;
  }
  endpoint_.SetTimer(*this, TimerHeap::kNever);
  if (const int error = ngtcp2_conn_handle_expiry(conn_, now); error != 0) {
    Fail(error, now);
    return;
  }
  endpoint_.MarkDirty(*this);
}

void QuicConnection::Fail(int error, uint64_t now) {
  ngtcp2_ccerr cause;
  ngtcp2_ccerr_default(&cause);
  switch (error) {
    case NGTCP2_ERR_DRAINING: {
      const ngtcp2_ccerr* told = ngtcp2_conn_get_ccerr(conn_);
      ConnectionEnd end;
      end.clean = told->type == NGTCP2_CCERR_TYPE_APPLICATION;
      end.code =
          end.clean ? static_cast<uint16_t>(std::min<uint64_t>(told->error_code, 0xFFFF)) : 0;
      end.reason.assign(reinterpret_cast<const char*>(told->reason), told->reasonlen);
      if (end.reason.empty()) end.reason = "closed by the other side";
      End(State::kDraining, std::move(end), now);
      return;
    }
    case NGTCP2_ERR_IDLE_CLOSE:
      endpoint_.counters().idle_timeouts.Add();
      [[fallthrough]];
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      // Nobody there, or nobody who should learn anything.
      End(State::kOver, {false, 0, ngtcp2_strerror(error)}, now);
      return;
    case NGTCP2_ERR_CRYPTO:
      ngtcp2_ccerr_set_tls_alert(&cause, ngtcp2_conn_get_tls_alert(conn_), nullptr, 0);
      break;
    case NGTCP2_ERR_CALLBACK_FAILURE:
      endpoint_.counters().handler_failures.Add();
      [[fallthrough]];
    default:
      ngtcp2_ccerr_set_liberr(&cause, error, nullptr, 0);
      break;
  }
  SendClose(cause, now);
  End(close_packet_.empty() ? State::kOver : State::kClosing, {false, 0, ngtcp2_strerror(error)},
      now);
}

void QuicConnection::SendClose(const ngtcp2_ccerr& error, uint64_t now) {
  std::array<uint8_t, UdpSocket::kMaxPacketBytes> packet;
  ngtcp2_pkt_info info{};
  const auto size = ngtcp2_conn_write_connection_close(conn_, &write_path_.path, &info,
                                                       packet.data(), packet.size(), &error, now);
  if (size <= 0) return;
  close_packet_.assign(packet.begin(), packet.begin() + size);
  endpoint_.SendAlone(close_packet_, path_);
}

void QuicConnection::End(State state, ConnectionEnd end, uint64_t now) {
  if (state_ == State::kOver) return;
  if (state_ == State::kOpen) {
    if (!handshake_done_) {
      endpoint_.counters().handshake_failures.Add();
      // Not worth remembering: whoever it was has shown nothing.
      state = State::kOver;
    }
    half_open_ = HalfOpen();
    admission_.Release();
    streams_.clear();
    ready_.clear();
    datagram_pending_ = datagrams_ready_ = false;
    max_datagram_ = 0;
    state_ = state;
    try {
      if (handler_) handler_->OnClosed(end);
    } catch (const std::exception&) {
      endpoint_.counters().handler_failures.Add();
    }
    handler_ = nullptr;
  }
  state_ = state;
  if (state == State::kOver) {
    endpoint_.Forget(*this);
  } else {
    // Late packets must find their connection for three probe timeouts (RFC 9000 §10.2).
    endpoint_.SetTimer(*this, now + 3 * ngtcp2_conn_get_pto(conn_));
  }
}

}  // namespace ferry::net
