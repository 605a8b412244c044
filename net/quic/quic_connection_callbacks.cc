#include <openssl/rand.h>

#include <exception>

#include "net/quic/quic_connection.h"
#include "net/quic/quic_endpoint.h"

namespace ferry::net {

namespace {

// ngtcp2 is C, which no exception may pass: what a handler throws ends its connection alone.
template <auto Function>
struct Guarded;
template <typename... Args, int (*Function)(Args...)>
struct Guarded<Function> {
  static int Call(Args... args) {
    try {
      return Function(args...);
    } catch (const std::exception&) {
      return NGTCP2_ERR_CALLBACK_FAILURE;
    }
  }
};

}  // namespace

// ngtcp2's callbacks as the connection's own affairs.
struct QuicConnection::Callbacks {
  static QuicConnection& Of(void* user) { return *static_cast<QuicConnection*>(user); }

  static void Random(uint8_t* out, size_t size, const ngtcp2_rand_ctx*) {
    RAND_bytes(out, static_cast<int>(size));
  }

  static int NewConnectionId(ngtcp2_conn*, ngtcp2_cid* id, ngtcp2_stateless_reset_token* token,
                             size_t size, void* user) {
    QuicConnection& self = Of(user);
    id->datalen = size;
    FillConnectionId({id->data, size}, self.endpoint_.worker());
    self.endpoint_.ResetToken(*id, token->data);
    self.endpoint_.AddId(ConnectionId(*id), self);
    return 0;
  }
  static int RemoveConnectionId(ngtcp2_conn*, const ngtcp2_cid* id, void* user) {
    Of(user).endpoint_.RemoveId(ConnectionId(*id));
    return 0;
  }

  // A server can send as soon as it has the keys, half a round trip before the handshake is done:
  // HTTP/3's settings come to the client with the handshake's answer.
  static int SendingKey(ngtcp2_conn*, ngtcp2_encryption_level level, void* user) {
    QuicConnection& self = Of(user);
    if (level != NGTCP2_ENCRYPTION_LEVEL_1RTT || !ngtcp2_conn_is_server(self.conn_)) return 0;
    if (!self.MakeHandler(QuicHandlerFactory(self.factory_))) return NGTCP2_ERR_CALLBACK_FAILURE;
    self.UpdatePath();
    self.handler_->OnHandshakeDone();
    return 0;
  }
  static int HandshakeCompleted(ngtcp2_conn*, void* user) {
    return Of(user).OnHandshakeCompleted();
  }

  static int StreamOpened(ngtcp2_conn*, int64_t id, void* user) {
    Of(user).streams_.try_emplace(id);
    return 0;
  }
  static int StreamData(ngtcp2_conn*, uint32_t flags, int64_t id, uint64_t, const uint8_t* data,
                        size_t size, void* user, void*) {
    QuicConnection& self = Of(user);
    const auto it = self.streams_.find(id);
    if (it == self.streams_.end() || !self.handler_) return 0;
    it->second.unconsumed += size;
    self.handler_->OnStreamData(id, {data, size}, (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0);
    return 0;
  }
  static int StreamAcknowledged(ngtcp2_conn*, int64_t id, uint64_t, uint64_t size, void* user,
                                void*) {
    QuicConnection& self = Of(user);
    const auto it = self.streams_.find(id);
    if (it == self.streams_.end()) return 0;
    Stream& stream = it->second;
    stream.out.Acknowledged(size);
    const bool room = stream.refused && stream.out.held() <= SendBuffer::kMaxBytes / 2;
    if (!room && stream.out.held() > 0) return 0;
    stream.refused = false;
    if (self.handler_) self.handler_->OnStreamWritable(id);
    return 0;
  }
  static int StreamReset(ngtcp2_conn*, int64_t id, uint64_t, uint64_t code, void* user, void*) {
    QuicConnection& self = Of(user);
    if (self.handler_) self.handler_->OnStreamReset(id, code);
    return 0;
  }
  [[maybe_unused]] static int StopSendingReceived(ngtcp2_conn*, int64_t id, uint64_t code,
                                                  void* user, void*) {
    QuicConnection& self = Of(user);
    const auto it = self.streams_.find(id);
    if (it != self.streams_.end()) it->second.ended = true;  // ngtcp2 resets our side itself
    if (self.handler_) self.handler_->OnStopSending(id, code);
    return 0;
  }
  static int StreamClosed(ngtcp2_conn* conn, uint32_t, int64_t id, uint64_t, void* user, void*) {
    QuicConnection& self = Of(user);
    const auto it = self.streams_.find(id);
    if (it != self.streams_.end()) {
      ngtcp2_conn_extend_max_offset(conn, it->second.unconsumed);
      if (it->second.blocked) --self.blocked_streams_;
      self.streams_.erase(it);  // ready_ forgets it when it comes to it
    }
    if (!ngtcp2_conn_is_local_stream(conn, id)) {
      if (ngtcp2_is_bidi_stream(id)) {
        ngtcp2_conn_extend_max_streams_bidi(conn, 1);
      } else {
        ngtcp2_conn_extend_max_streams_uni(conn, 1);
      }
    }
    if (self.handler_) self.handler_->OnStreamClosed(id);
    return 0;
  }
  static int StreamCredit(ngtcp2_conn*, uint64_t, void* user) {
    QuicConnection& self = Of(user);
    if (self.handler_ && self.handshake_done_) self.handler_->OnStreamCredit();
    return 0;
  }
  static int Datagram(ngtcp2_conn*, uint32_t, const uint8_t* data, size_t size, void* user) {
    QuicConnection& self = Of(user);
    if (self.handler_) self.handler_->OnDatagram({data, size});
    return 0;
  }
};

const ngtcp2_callbacks& QuicConnection::NativeCallbacks() {
  static const ngtcp2_callbacks callbacks = [] {
    ngtcp2_callbacks c{};
    c.client_initial = ngtcp2_crypto_client_initial_cb;
    c.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
    c.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
    c.recv_retry = ngtcp2_crypto_recv_retry_cb;
    c.encrypt = ngtcp2_crypto_encrypt_cb;
    c.decrypt = ngtcp2_crypto_decrypt_cb;
    c.hp_mask = ngtcp2_crypto_hp_mask_cb;
    c.update_key = ngtcp2_crypto_update_key_cb;
    c.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    c.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    c.get_path_challenge_data2 = ngtcp2_crypto_get_path_challenge_data2_cb;
    c.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    c.rand = Callbacks::Random;
    c.get_new_connection_id2 = Guarded<Callbacks::NewConnectionId>::Call;
    c.remove_connection_id = Callbacks::RemoveConnectionId;
    c.recv_tx_key = Guarded<Callbacks::SendingKey>::Call;
    c.handshake_completed = Guarded<Callbacks::HandshakeCompleted>::Call;
    c.stream_open = Guarded<Callbacks::StreamOpened>::Call;
    c.recv_stream_data = Guarded<Callbacks::StreamData>::Call;
    c.acked_stream_data_offset = Guarded<Callbacks::StreamAcknowledged>::Call;
    c.stream_reset = Guarded<Callbacks::StreamReset>::Call;
#ifdef NGTCP2_CALLBACKS_V4
    // ngtcp2 before 1.23 does not tell; there the next write finds out.
    c.recv_stop_sending = Guarded<Callbacks::StopSendingReceived>::Call;
#endif
    c.stream_close = Guarded<Callbacks::StreamClosed>::Call;
    c.extend_max_local_streams_bidi = Guarded<Callbacks::StreamCredit>::Call;
    c.extend_max_local_streams_uni = Guarded<Callbacks::StreamCredit>::Call;
    c.recv_datagram = Guarded<Callbacks::Datagram>::Call;
    return c;
  }();
  return callbacks;
}

int QuicConnection::OnHandshakeCompleted() {
  handshake_done_ = true;
  half_open_.Validate();
  if (!admission_.Take(path_.remote.ip())) {
    endpoint_.counters().connections_refused.Add();
    close_request_ = {CloseRequest::Kind::kRefusal, NGTCP2_CONNECTION_REFUSED, "refused"};
    return 0;
  }
  endpoint_.counters().handshakes.Add();
  if (ngtcp2_conn_is_server(conn_)) {
    // Spares the client the Retry of its next connection.
    endpoint_.SubmitNewToken(conn_, path_.remote);
    return 0;
  }
  UpdatePath();
  handler_->OnHandshakeDone();
  return 0;
}

}  // namespace ferry::net
