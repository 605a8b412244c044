// A connection between a client and the gateway, whatever carries it (docs/protocol.md §1), as both
// ends see it.
//
// The transport pulls. When it can write it asks its handler for the next frame, so that everything
// not yet handed to the kernel waits in the one place that knows what is stale (sfu/send_queue.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/units.h"

namespace ferry::net {

// Limits of a frame, both ways.
inline constexpr size_t kMaxControlBytes = 65'536;
inline constexpr size_t kMaxMediaBytes = 1200;

enum class TransportKind { kWebSocket, kWebTransport };

class Connection {
 public:
  virtual ~Connection() = default;

  // There is something to write: the handler's NextFrame will be asked, not from within this call
  // but once for everything that the batch being read brings.
  virtual void Wake() = 0;
  // Writes the control messages that still wait, then closes; cuts off when that takes too long.
  // OnClosed follows, not from within this call. Further calls change nothing. Codes:
  // docs/protocol.md §1.
  virtual void Close(uint16_t code, std::string_view reason) = 0;
  // Ends at once, without a word; OnClosed follows likewise.
  virtual void Abort() = 0;
  virtual TransportKind transport() const = 0;
  // Whether it delivers every media packet, in order; control messages always are.
  virtual bool reliable() const = 0;
  // The largest media packet that gets through on the path as it is now.
  virtual size_t max_media_bytes() { return kMaxMediaBytes; }
  // From end to end and back, as far as it is known.
  virtual std::optional<Duration> round_trip() const { return std::nullopt; }
  // As text, without the port. Over WebTransport it follows the client to another address.
  virtual const std::string& remote_address() const = 0;
};

struct OutgoingFrame {
  bool control = false;  // a control message, else a media packet
  ByteSpan bytes;        // the handler's, until any of the thread is asked for the next
};

// How a connection ended.
struct ConnectionEnd {
  bool clean = false;  // by the closing handshake, whoever began it
  // The one the other side closed with; 0: none. Over WebTransport none counts as 1001, for so ends
  // a page that is closed.
  uint16_t code = 0;
  // For the log and the user: the other side's words, where it had some, so that anything may stand
  // there.
  std::string reason;
  // The one that this side's transport closed it with by itself, for what came was against its
  // rules or too large; 0: it did not.
  uint16_t fault = 0;
};

class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  virtual void OnControl(std::string_view message) = 0;
  virtual void OnMedia(ByteSpan packet) = 0;
  // False when nothing is to be written. After Close was called, only control messages are given.
  virtual bool NextFrame(OutgoingFrame& frame) = 0;
  // The last call but for the destructor.
  virtual void OnClosed(const ConnectionEnd& end) = 0;
};

// Makes the handler of a connection that has just been opened.
using HandlerFactory = std::function<std::unique_ptr<ConnectionHandler>(Connection&)>;

}  // namespace ferry::net
