// HTTP/3 (RFC 9114) over one QUIC connection, either role, as far as WebTransport needs it: the
// control streams and SETTINGS, request streams, and the telling apart of WebTransport streams.
// Breaches of the protocol close the connection with the RFC's error code. Sans-I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/h3/h3_error.h"
#include "net/h3/qpack.h"
#include "net/h3/stream_prefix.h"
#include "net/h3/stream_reader.h"
#include "net/quic/quic_config.h"
#include "net/quic/quic_session.h"

namespace ferry::net {

// Streams of the other side that may be open at once, whatever credit QUIC gives: the three that
// HTTP/3 has, one session, its streams, and what browsers add to grease.
inline constexpr size_t kMaxIncomingStreams = 128;
// Of them those that are requests, each of which may hold a header block of kMaxHeaderBytes.
inline constexpr size_t kMaxRequests = 8;
// Streams of the other side that came to nothing, of one connection in its life: requests refused
// or cancelled, streams of unknown kinds or of no session. Browsers send a few, to grease.
inline constexpr size_t kMaxWastedStreams = 64;

// What a connection keeps for the other side, each within its bound.
struct Http3Kept {
  size_t streams = 0;         // that the other side opened: kMaxIncomingStreams
  size_t requests = 0;        // of them: kMaxRequests
  size_t header_bytes = 0;    // of the longest header block: kMaxHeaderBytes
  size_t settings_bytes = 0;  // kMaxSettingsBytes
};

class Http3Connection : public QuicSessionHandler {
 public:
  // `counters` outlive it; of them it counts what is of HTTP/3.
  Http3Connection(QuicSession& quic, EndpointRole role, QuicCounters& counters)
      : quic_(quic), role_(role), counters_(counters) {}

  void OnHandshakeDone() override;
  void OnStreamData(int64_t stream, ByteSpan bytes, bool fin) override;
  void OnStreamReset(int64_t stream, uint64_t code) override;
  void OnStopSending(int64_t stream, uint64_t code) override;
  void OnStreamClosed(int64_t stream) override;
  void OnStreamCredit() override;
  void OnClosed(const ConnectionEnd& end) override;

  Http3Kept kept() const;

 protected:
  // What the layer above hears.
  virtual void OnSettings(const Settings& settings) = 0;
  // A message on a request stream; `fields` is the error for that stream alone when they are too
  // large. End comes with the stream's end; Cut instead when the other side gives it up or ends it
  // too early: then it has been refused.
  virtual void OnHeaders(int64_t stream, const std::vector<HeaderField>* fields) = 0;
  virtual void OnBody(int64_t stream, ByteSpan bytes) = 0;
  virtual void OnMessageEnd(int64_t stream) = 0;
  virtual void OnMessageCut(int64_t stream) = 0;
  // A stream of a session. False: refused by the layer above, which has said so to the other side.
  virtual bool OnWebTransportStream(int64_t stream, int64_t session) = 0;
  virtual void OnWebTransportData(int64_t stream, ByteSpan bytes, bool fin) = 0;
  virtual void OnWebTransportReset(int64_t stream, uint64_t code) = 0;
  virtual void OnWebTransportStopSending(int64_t stream, uint64_t code) = 0;
  // Any stream but the critical ones.
  virtual void OnClosedStream(int64_t stream) = 0;
  virtual void OnConnectionClosed(const ConnectionEnd& end) = 0;
  // New streams may be opened; also called when our control stream has been.
  virtual void OnCredit() = 0;

  QuicSession& quic() { return quic_; }
  EndpointRole role() const { return role_; }
  QuicCounters& counters() { return counters_; }
  // Whether nothing more is read or written: the connection is being closed.
  bool closing() const { return closing_; }

  // Closes the connection.
  void CloseConnection(H3Error error, std::string_view reason);
  // Refuses a stream in both directions; what still comes of it is dropped.
  void Refuse(int64_t stream, uint64_t code);
  // Counts a stream that came to nothing; one too many closes the connection.
  void CountWastedStream();

  std::optional<int64_t> OpenRequest();
  std::optional<int64_t> OpenWebTransport(bool unidirectional, int64_t session);
  // Frames of a request stream. False: the connection is being closed.
  bool SendFrame(int64_t stream, uint64_t type, ByteSpan payload, bool fin);
  // Sends these headers as the whole answer to a request; what still comes of it is dropped.
  void Answer(int64_t stream, ByteSpan header_block);

 private:
  enum class Kind {
    kPrefix,  // not known yet
    kOurs,    // our control stream
    kControl,
    kQpackEncoder,
    kQpackDecoder,
    kMessage,
    kWebTransport,
    kIgnored,
  };
  struct Stream {
    Kind kind = Kind::kPrefix;
    StreamPrefixReader prefix;
    std::unique_ptr<MessageReader> message;
  };

  Stream* FindOrAccept(int64_t id);
  void Ignore(int64_t id);
  void Cut(int64_t id, H3Error error);
  bool IsLocal(int64_t id) const { return IsFromServer(id) == (role_ == EndpointRole::kServer); }
  bool Classify(int64_t id, Stream& stream, ByteSpan& bytes, bool fin);
  bool Become(int64_t id, Stream& stream, StreamKind kind);
  bool BecomeCritical(Stream& stream, Kind kind, bool& have);
  bool BecomeRequest(int64_t id, Stream& stream);
  void ReadControl(ByteSpan bytes);
  void ReadMessage(int64_t id, ByteSpan bytes, bool fin);
  void OpenControlStream();

  QuicSession& quic_;
  EndpointRole role_;
  QuicCounters& counters_;
  bool handshake_done_ = false;
  bool closing_ = false;
  std::optional<int64_t> control_stream_;
  std::unordered_map<int64_t, Stream> streams_;
  size_t incoming_ = 0;
  size_t requests_ = 0;
  size_t wasted_streams_ = 0;
  bool have_control_ = false;
  bool have_encoder_ = false;
  bool have_decoder_ = false;
  ControlStreamReader control_reader_{role_};
  QpackDecoderStreamReader decoder_stream_reader_;
};

}  // namespace ferry::net
