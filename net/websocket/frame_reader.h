// Reads WebSocket frames (RFC 6455 §5) and gives whole messages. Sans-I/O: it owns the buffer that
// is read into, so that a message in one frame is given where it lies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "net/protocol.h"
#include "net/websocket/frame.h"

namespace ferry::net {

class FrameReader {
 public:
  // What one read may take in; as much as a TLS record carries.
  static constexpr size_t kReadBytes = 16 * 1024;

  enum class Kind {
    kText,
    kBinary,
    kPing,
    kPong,
    kClose,  // `code` and the reason as payload; kCloseNoCode when the frame had none
    kError,  // the peer broke the protocol: close with `code`; the payload says why
  };
  struct Event {
    Kind kind;
    ByteSpan payload;  // valid until the next call
    uint16_t code = 0;
  };

  // Whose end this is: a server's frames come masked, a client's do not. A message of more than
  // `max_message_bytes`, in one frame or several, is an error (1009) as soon as that is known.
  // `received` is what came before there was a reader.
  FrameReader(WebSocketRole role, size_t max_message_bytes, ByteSpan received = {});

  // Room for received bytes: what is left of kReadBytes, or of the half-read frame when that is
  // longer; never empty. Received() tells how many were put there. Both only when Next() has
  // nothing.
  MutableByteSpan Space();
  void Received(size_t bytes);

  // The next event, or nullopt when more bytes are needed. After kClose and kError nothing follows.
  std::optional<Event> Next();

 private:
  struct Header {
    bool fin;
    Opcode opcode;
    size_t size;  // of the header
    size_t payload_size;
  };

  // nullopt: incomplete, or wrong and `error` set.
  std::optional<Header> ReadHeader(std::optional<Event>& error);
  std::optional<Event> OnControlFrame(const Header& header, ByteSpan payload);
  std::optional<Event> OnDataFrame(const Header& header, ByteSpan payload);
  Event OnCloseFrame(ByteSpan payload);
  Event Message(Opcode opcode, ByteSpan payload);
  Event Fail(CloseCode code, std::string_view why);
  ByteSpan unread() const { return ByteSpan(buffer_).subspan(begin_, end_ - begin_); }

  const WebSocketRole role_;
  const size_t max_message_bytes_;
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;  // of what is not yet dispatched
  size_t end_ = 0;
  bool ended_ = false;
  std::string error_;
  // A message of several frames, so far; its opcode is kContinuation when there is none.
  Opcode fragmented_ = Opcode::kContinuation;
  std::vector<uint8_t> message_;
  bool message_given_ = false;  // to be released at the next call
};

}  // namespace ferry::net
