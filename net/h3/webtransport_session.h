// One WebTransport session over HTTP/3 (draft-ietf-webtrans-http3, spoken as Chromium, Firefox and
// Safari do), server's or client's side: it is opened by an extended CONNECT, has streams and
// datagrams, and ends with a code and a reason. A connection carries one session and closes shortly
// after it. Sans-I/O over net/quic/quic_session.h; no clock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "net/h3/capsule.h"
#include "net/h3/http3_connection.h"
#include "net/h3/pending_streams.h"
#include "net/h3/request.h"
#include "net/quic/quic_config.h"
#include "net/quic/quic_session.h"

namespace ferry::net {

// What the server answers a CONNECT with.
struct ConnectAnswer {
  unsigned status = 200;  // or the refusal: 403 for an origin, 404 for a path, 503 while draining
  std::string protocol;   // one of those offered, or none
};

// How the other side ended the session.
struct SessionEnd {
  bool clean = false;  // by a close, not by a reset
  uint32_t code = 0;
  std::string reason;  // the other side's words
};

// What lives above a session. Calls into the session may be made from within these, but none may
// destroy it. Spans live for the length of the call.
class WebTransportSessionHandler {
 public:
  virtual ~WebTransportSessionHandler() = default;

  // Server: whether the session may be opened. OnReady follows an answer of 200.
  virtual ConnectAnswer OnRequest(const ConnectRequest& request) = 0;
  // The session is open; `protocol` is the chosen one.
  virtual void OnReady(std::string_view protocol) = 0;
  // Client: the server refused with `status`; 0: it does not speak WebTransport or gave up.
  virtual void OnRefused(unsigned status) = 0;

  // A stream that the other side opened.
  virtual void OnStreamOpened(int64_t stream) = 0;
  // In order. The bytes count against the stream's window until Consumed says otherwise.
  virtual void OnStreamData(int64_t stream, ByteSpan bytes, bool fin) = 0;
  // nullopt: a code that is not an application's.
  virtual void OnStreamReset(int64_t stream, std::optional<uint32_t> code) = 0;
  virtual void OnStopSending(int64_t stream, std::optional<uint32_t> code) = 0;
  virtual void OnStreamClosed(int64_t stream) = 0;
  virtual void OnStreamWritable(int64_t stream) = 0;
  virtual void OnStreamCredit() = 0;

  virtual void OnDatagram(ByteSpan payload) = 0;
  // The payload of the next datagram, or false. It lives until the next call.
  virtual bool NextDatagram(ByteSpan& payload) = 0;

  // The other side ended an open session. Its streams are reset and nothing more is said of them;
  // OnConnectionClosed follows later.
  virtual void OnSessionEnded(const SessionEnd& end) = 0;
  // The last call but for the destructor.
  virtual void OnConnectionClosed(const ConnectionEnd& end) = 0;
};

// What a session keeps for the other side, each within its bound.
struct WebTransportKept {
  Http3Kept http3;
  size_t pending_streams = 0;  // kMaxPendingStreams
  size_t pending_bytes = 0;    // kMaxPendingBytes
  size_t capsule_bytes = 0;    // kMaxCapsuleBytes
};

class WebTransportSession final : private Http3Connection {
 public:
  // `counters` outlive it; of them it counts what is of sessions.
  WebTransportSession(QuicSession& quic, EndpointRole role, WebTransportSessionHandler& handler,
                      QuicCounters& counters)
      : Http3Connection(quic, role, counters), handler_(handler) {}

  // What the QUIC connection tells.
  QuicSessionHandler& quic_handler() { return *this; }

  // Client: asks for the session, as soon as the server's SETTINGS have come.
  void Connect(ConnectRequest request);

  bool open() const { return state_ == State::kOpen && !closing(); }
  // Whether the session was ended or refused, by either side. The connection closes by itself as
  // soon as the last bytes are acknowledged and the other side has ended its half of the CONNECT;
  // some never do, so that the owner closes it after a while.
  bool over() const { return state_ == State::kOver; }

  // Streams of the session. They do nothing for streams that are not, and before it is open.
  std::optional<int64_t> OpenBidi() { return OpenStream(false); }
  std::optional<int64_t> OpenUni() { return OpenStream(true); }
  bool Write(int64_t stream, ByteSpan bytes, bool fin);  // as QuicSession::Write
  size_t unsent(int64_t stream) { return quic().unsent(stream); }
  void ResetStream(int64_t stream, uint32_t code);
  void StopSending(int64_t stream, uint32_t code);
  void Consumed(int64_t stream, size_t bytes);

  void SetDatagramSource(bool ready);
  // The greatest payload of a datagram on the path as it is now.
  size_t max_datagram_size();

  // Ends the session with a code and up to kMaxCloseReasonBytes of reason, and resets its streams:
  // what they have not sent yet is lost. OnConnectionClosed follows.
  void Close(uint32_t code, std::string_view reason);

  WebTransportKept kept() const;

 private:
  enum class State {
    kIdle,   // no CONNECT yet
    kAsked,  // a CONNECT without its answer
    kOpen,
    kOver,
  };

  void OnSettings(const Settings& settings) override;
  void OnHeaders(int64_t stream, const std::vector<HeaderField>* fields) override;
  void OnBody(int64_t stream, ByteSpan bytes) override;
  void OnMessageEnd(int64_t stream) override;
  void OnMessageCut(int64_t stream) override;
  bool OnWebTransportStream(int64_t stream, int64_t session) override;
  void OnWebTransportData(int64_t stream, ByteSpan bytes, bool fin) override;
  void OnWebTransportReset(int64_t stream, uint64_t code) override;
  void OnWebTransportStopSending(int64_t stream, uint64_t code) override;
  void OnClosedStream(int64_t stream) override;
  void OnConnectionClosed(const ConnectionEnd& end) override;
  void OnCredit() override;
  void OnStreamWritable(int64_t stream) override;
  void OnDatagram(ByteSpan bytes) override;
  bool NextDatagram(std::array<ByteSpan, 2>& parts) override;

  void OnRequest(int64_t stream, const std::vector<HeaderField>& fields);
  void OnResponse(const std::vector<HeaderField>& fields);
  void TryConnect();
  void Decide();
  void RefuseRequest(unsigned status);
  void Open(std::string_view protocol);
  void DeliverPending();
  std::optional<int64_t> OpenStream(bool unidirectional);
  void RefuseWebTransport(int64_t stream, H3Error error);
  void ResetStreams();
  void EndByPeer(const SessionEnd& end);
  void GiveUp(unsigned status);

  WebTransportSessionHandler& handler_;
  State state_ = State::kIdle;
  std::optional<Settings> peer_;
  std::optional<ConnectRequest> request_;  // until it is sent or answered
  std::optional<int64_t> session_;         // the CONNECT's stream
  CapsuleReader capsules_;
  PendingStreams pending_;
  std::unordered_set<int64_t> streams_;
  std::vector<uint8_t> datagram_prefix_;
};

}  // namespace ferry::net
