// One QUIC connection over ngtcp2, of either role.
//
// Its endpoint gives it packets and time; it asks its handler for what is to be sent only while it
// writes packets, once for everything that one batch of reading has brought.
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/quic/admission.h"
#include "net/quic/connection_id.h"
#include "net/quic/half_open.h"
#include "net/quic/quic_config.h"
#include "net/quic/quic_session.h"
#include "net/quic/send_buffer.h"
#include "net/quic/timer_heap.h"
#include "net/quic/tls.h"
#include "net/quic/udp_address.h"

namespace ferry::net {

class QuicConnection;
class QuicEndpoint;

// Makes what lives above a connection, which holds it until OnClosed; null refuses the connection.
using QuicHandlerFactory = std::function<std::shared_ptr<QuicSessionHandler>(QuicConnection&)>;

class QuicConnection final : public QuicSession, public TimerHeap::Entry {
 public:
  // A client's first packet, found good.
  struct Initial {
    const ngtcp2_pkt_hd& header;
    UdpPath path;
    // With a valid token: how the address was shown to be the client's.
    std::optional<ngtcp2_token_type> token;
    std::optional<ngtcp2_cid> original_id;  // what the client chose before a Retry
  };
  static std::unique_ptr<QuicConnection> Accept(QuicEndpoint& endpoint, const Initial& initial,
                                                std::shared_ptr<const QuicTlsContext> tls,
                                                const QuicHandlerFactory& factory,
                                                HalfOpen half_open, Admission admission);
  // `server_name` for SNI and the certificate: a name or an address.
  static std::unique_ptr<QuicConnection> Connect(QuicEndpoint& endpoint, const UdpAddress& remote,
                                                 const std::string& server_name,
                                                 std::shared_ptr<const QuicTlsContext> tls,
                                                 const QuicHandlerFactory& factory);
  ~QuicConnection() override;

  // QuicSession.
  std::optional<int64_t> OpenBidi() override { return Open(ngtcp2_conn_open_bidi_stream); }
  std::optional<int64_t> OpenUni() override { return Open(ngtcp2_conn_open_uni_stream); }
  bool Write(int64_t stream, ByteSpan bytes, bool fin) override;
  size_t unsent(int64_t stream) const override;
  void ResetStream(int64_t stream, uint64_t code) override;
  void StopSending(int64_t stream, uint64_t code) override;
  void Consumed(int64_t stream, size_t bytes) override;
  void SetDatagramSource(bool ready) override;
  size_t max_datagram_size() const override { return max_datagram_; }
  // Smoothed (RFC 9002 §5.3); nullopt before the first measurement.
  std::optional<Duration> round_trip() const;
  void Close(uint64_t application_error, std::string_view reason) override;

  // Ends it without a word to the other side; OnClosed follows, not from within this call.
  void Abort();
  // What lives above is counted otherwise from now on; before it is, it counts as half open, for
  // the endpoint and the address's gate.
  void ReleaseAdmission() {
    half_open_ = HalfOpen();
    admission_.Release();
  }
  // As text, without the port; follows the client to another address.
  const std::string& remote_address() const { return remote_text_; }
  // Bytes written to a stream that the other side has not acknowledged.
  size_t unacknowledged(int64_t stream) const;
  // The endpoint's.
  QuicCounters& counters() const;

  // For the endpoint. Times are nanoseconds of the monotonic clock.
  void Read(ByteSpan packet, const UdpPath& path, uint8_t ecn, uint64_t now);
  void OnTimer(uint64_t now);
  // False when the socket takes no more and this has to be called again.
  bool Flush(uint64_t now);
  // The endpoint's, for its lists.
  bool dirty = false;
  size_t index = 0;

 private:
  enum class State { kOpen, kClosing, kDraining, kOver };

  struct Stream {
    SendBuffer out;
    bool fin = false;  // our side ends after what is in the buffer
    bool fin_sent = false;
    bool queued = false;    // in ready_
    bool blocked = false;   // by the other side's flow control
    bool ended = false;     // our side: reset, or the other side wants no more
    bool refused = false;   // a Write; OnStreamWritable is owed
    size_t unconsumed = 0;  // received, its credit not given back
  };
  using Streams = std::unordered_map<int64_t, Stream>;

  // What ngtcp2 calls (quic_connection_callbacks.cc).
  struct Callbacks;
  static const ngtcp2_callbacks& NativeCallbacks();

  QuicConnection(QuicEndpoint& endpoint, const UdpPath& path,
                 std::shared_ptr<const QuicTlsContext> tls);
  ngtcp2_settings Settings(uint64_t now) const;
  ngtcp2_transport_params TransportParameters() const;
  ngtcp2_path NativePath(const UdpPath& path) const;
  bool StartTls(bool server);
  bool MakeHandler(const QuicHandlerFactory& factory);
  int OnHandshakeCompleted();
  using OpenFunction = int (*)(ngtcp2_conn*, int64_t*, void*);
  std::optional<int64_t> Open(OpenFunction open);

  // Writing (quic_connection_write.cc).
  // No error of ngtcp2's: nothing went into the packet, try what comes next.
  static constexpr ngtcp2_ssize kNothingWritten = -1;
  bool WritePackets(uint64_t now);
  ngtcp2_ssize WritePacket(MutableByteSpan room, uint64_t now);
  ngtcp2_ssize WriteStreamFrame(MutableByteSpan room, uint64_t now);
  ngtcp2_ssize WriteDatagramFrame(MutableByteSpan room, uint64_t now);
  bool FetchDatagram();
  void HoldDatagram();
  void DropDatagram();
  void Enqueue(int64_t id, Stream& stream);
  void RetryBlockedStreams();
  void UpdatePath();
  // Of a packet with one datagram, at most.
  size_t PacketOverhead() const;

  void Fail(int error, uint64_t now);
  void SendClose(const ngtcp2_ccerr& error, uint64_t now);
  void End(State state, ConnectionEnd end, uint64_t now);
  void UpdateTimer();
  // When OnTimer will have something to do, as things stand.
  uint64_t NextDeadline() const;
  bool has_more_to_send() const { return datagram_pending_ || datagrams_ready_ || !ready_.empty(); }

  QuicEndpoint& endpoint_;
  const std::shared_ptr<const QuicTlsContext> tls_;
  ngtcp2_conn* conn_ = nullptr;
  SSL* ssl_ = nullptr;
  ngtcp2_crypto_ossl_ctx* crypto_ = nullptr;
  ngtcp2_crypto_conn_ref conn_ref_{};
  State state_ = State::kOpen;
  bool handshake_done_ = false;

  UdpPath path_;
  std::string remote_text_;
  std::optional<ConnectionId> client_chosen_id_;
  HalfOpen half_open_;
  Admission admission_;

  QuicHandlerFactory factory_;  // until it has been asked
  std::shared_ptr<QuicSessionHandler> handler_;

  Streams streams_;
  std::vector<int64_t> ready_;  // streams with something to send, in their order
  size_t blocked_streams_ = 0;

  bool datagrams_ready_ = false;
  bool datagram_pending_ = false;
  std::array<ByteSpan, 2> datagram_{};
  std::vector<uint8_t> held_datagram_;
  size_t max_datagram_ = 0;
  bool datagram_written_ = false;  // since the packets' writing began
  size_t run_packet_bytes_ = 0;    // of the packets written last, which are all of this size

  bool flushing_ = false;
  bool packet_begun_ = false;     // ngtcp2 waits for more to put into it
  bool opening_refused_ = false;  // because of that
  ngtcp2_path_storage write_path_;
  ngtcp2_pkt_info write_info_{};

  struct CloseRequest {
    enum class Kind { kApplication, kRefusal, kAbort } kind;
    uint64_t code = 0;
    std::string reason;
  };
  std::optional<CloseRequest> close_request_;
  // In the closing state (RFC 9000 §10.2.1): answered to the 1st, 2nd, 4th, 8th … packet.
  std::vector<uint8_t> close_packet_;
  uint64_t packets_since_close_ = 0;
};

}  // namespace ferry::net
