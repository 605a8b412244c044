// A connection over WebSocket (RFC 6455, docs/protocol.md §1), either end: text messages are
// control messages, binary ones media packets.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/asio.h"
#include "net/byte_stream.h"
#include "net/connection.h"
#include "net/websocket/frame_reader.h"
#include "net/websocket/frame_writer.h"

namespace ferry::net {

class WebSocketConnection final : public Connection,
                                  public std::enable_shared_from_this<WebSocketConnection> {
 public:
  // Time for what still waits to be written and for the closing handshake.
  static constexpr auto kCloseTimeout = std::chrono::milliseconds(1000);
  // Frames are gathered up to this and written at once: one TLS record, one call of the kernel.
  // More at once would cost as many calls, and could no longer be dropped when it gets old.
  static constexpr size_t kBatchBytes = 16 * 1024;
  // Both kinds are read up to this, so that the handler can tell the sender of an oversized media
  // packet what was wrong.
  static constexpr size_t kMaxMessageBytes = kMaxControlBytes;

  // `stream` after the opening handshake; `received` is what came behind it.
  WebSocketConnection(ByteStream stream, WebSocketRole role, std::string remote_address,
                      ByteSpan received);

  // Makes the handler and lives until the connection has ended; throws what that throws. Once.
  boost::asio::awaitable<void> Run(HandlerFactory make_handler);

  void Wake() override;
  void Close(uint16_t code, std::string_view reason) override;
  void Abort() override { CutOff(); }
  TransportKind transport() const override { return TransportKind::kWebSocket; }
  bool reliable() const override { return true; }
  const std::string& remote_address() const override { return remote_address_; }

 private:
  struct CloseFrame {
    uint16_t code;
    std::string reason;
  };

  boost::asio::awaitable<ConnectionEnd> Read();
  // Fills the reader; false with `error` at the end.
  boost::asio::awaitable<bool> ReadSome(error_code& error);
  // The end when the event is one.
  std::optional<ConnectionEnd> Dispatch(const FrameReader::Event& event);
  boost::asio::awaitable<void> Linger();
  void StartCloseTimer();
  void CutOff();

  // Writes what waits, again and again until nothing does.
  void Flush();
  void GatherOrFail();
  void Gather();
  void OnWritten(const error_code& error);
  const MaskingKey* NextMask();

  ByteStream stream_;
  const WebSocketRole role_;
  const std::string remote_address_;
  std::unique_ptr<ConnectionHandler> handler_;
  FrameReader reader_;

  std::vector<uint8_t> out_;  // what is being written; empty when nothing is
  bool flush_posted_ = false;
  bool writing_ = false;
  bool write_failed_ = false;
  std::exception_ptr failure_;       // what the handler threw when it was asked for the next frame
  std::vector<uint8_t> pong_;        // answers the last ping, if any
  std::optional<CloseFrame> close_;  // to be sent, or sent
  bool close_sent_ = false;
  bool ended_ = false;                 // nothing is read any more, and the handler is gone
  boost::asio::steady_timer written_;  // cancelled when the writer has nothing to do
  boost::asio::steady_timer close_timer_;
  bool close_timer_started_ = false;

  // A client's masking keys, drawn many at a time.
  std::array<MaskingKey, 64> masks_;
  size_t masks_left_ = 0;
};

}  // namespace ferry::net
