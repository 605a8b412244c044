// The boundary between QUIC (net/quic/, over ngtcp2) and what lives above it (net/h3/): one
// connection with its streams and datagrams, and nothing of packets, timers or sockets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"
#include "net/connection.h"

namespace ferry::net {

// One QUIC connection as what lives above sees it. Not thread-safe: one worker's. Its calls may be
// made from within the handler's; none of them calls the handler back from within itself.
class QuicSession {
 public:
  virtual ~QuicSession() = default;

  // Opens a stream and answers its id; nullopt when the other side gives no credit now
  // (OnStreamCredit tells when it does) or the connection is ending.
  virtual std::optional<int64_t> OpenBidi() = 0;
  virtual std::optional<int64_t> OpenUni() = 0;

  // Appends to what the stream sends; `fin` ends our side with it. Copies. False, and nothing is
  // taken, when the stream's send buffer would pass its limit (OnStreamWritable tells when it has
  // room again) or the stream is gone.
  virtual bool Write(int64_t stream, ByteSpan bytes, bool fin) = 0;
  // Bytes written to the stream and not yet put into a packet.
  virtual size_t unsent(int64_t stream) const = 0;
  // RESET_STREAM and STOP_SENDING (RFC 9000 §19.4, §19.5) with an application error code.
  virtual void ResetStream(int64_t stream, uint64_t code) = 0;
  virtual void StopSending(int64_t stream, uint64_t code) = 0;
  // Gives flow-control credit for bytes of OnStreamData back, of the stream and the connection.
  // What has not been given back when the stream closes is given back then to the connection.
  virtual void Consumed(int64_t stream, size_t bytes) = 0;

  // Whether the handler has datagrams to be pulled. True also asks for a write, once for the batch
  // being read. May be called from anywhere on the worker.
  virtual void SetDatagramSource(bool ready) = 0;
  // The greatest payload of one DATAGRAM frame on the path as it is now: 0 before the handshake is
  // done or when the other side takes none.
  virtual size_t max_datagram_size() const = 0;

  // CONNECTION_CLOSE with an application error code; OnClosed follows, not from within this call.
  virtual void Close(uint64_t application_error, std::string_view reason) = 0;
};

// What lives above one connection. Spans live for the length of the call.
class QuicSessionHandler {
 public:
  virtual ~QuicSessionHandler() = default;

  virtual void OnHandshakeDone() = 0;
  // In order and without holes. A stream not seen before is one the other side opened.
  virtual void OnStreamData(int64_t stream, ByteSpan bytes, bool fin) = 0;
  virtual void OnStreamReset(int64_t stream, uint64_t code) = 0;
  virtual void OnStopSending(int64_t stream, uint64_t code) = 0;
  // Both sides of the stream are over: its id means nothing from now on.
  virtual void OnStreamClosed(int64_t stream) = 0;
  // The other side allows more streams: OpenBidi or OpenUni may succeed.
  virtual void OnStreamCredit() = 0;
  // The send buffer of a stream that refused a Write has room again, or the other side has
  // acknowledged everything written to it.
  virtual void OnStreamWritable(int64_t stream) = 0;
  virtual void OnDatagram(ByteSpan bytes) = 0;
  // Pulled while the connection writes, after the streams that have something to send: the next
  // datagram, as a prefix and a payload (one may be empty), or false when there is none. The bytes
  // live until the next call. One larger than max_datagram_size() is dropped and counted.
  virtual bool NextDatagram(std::array<ByteSpan, 2>& parts) = 0;
  // The last call but for the destructor.
  virtual void OnClosed(const ConnectionEnd& end) = 0;
};

}  // namespace ferry::net
