// A client's connection, whatever carries it: WebSocket today.
//
// The transport pulls. When it can write it asks its handler for the next frame, so that everything
// not yet handed to the kernel waits in the one place that knows what is stale (sfu/send_queue.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "gateway/signaling/messages.h"

namespace ferry::gateway {

class Connection {
 public:
  virtual ~Connection() = default;

  // There is something to write: the handler's NextFrame will be asked, not from within this call.
  virtual void Wake() = 0;
  // Writes the control messages that still wait, then closes; cuts off when that takes too long.
  // OnClosed follows, not from within this call. Further calls change nothing.
  virtual void Close(CloseCode code, std::string_view reason) = 0;
  // Ends at once, without a word; OnClosed follows likewise.
  virtual void Abort() = 0;
  // Delivers every frame, in order.
  virtual bool reliable() const = 0;
  virtual const std::string& remote_address() const = 0;
};

struct OutgoingFrame {
  bool control = false;  // a control message, else a media packet
  ByteSpan bytes;        // the handler's, until it is asked for the next
};

// How a connection ended.
struct ConnectionEnd {
  bool clean = false;  // by the closing handshake, whoever began it
  std::string reason;  // for the log
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

}  // namespace ferry::gateway
