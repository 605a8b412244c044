// A connection over WebTransport (docs/protocol.md §1), either end: control messages on one
// bidirectional stream, which the client opens, media packets in datagrams.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "net/connection.h"
#include "net/h3/webtransport_session.h"
#include "net/protocol.h"
#include "net/quic/quic_connection.h"
#include "net/webtransport/control_reader.h"

namespace ferry::net {

class WebTransportConnection final : public Connection,
                                     private WebTransportSessionHandler,
                                     public std::enable_shared_from_this<WebTransportConnection> {
 public:
  // Time for what still waits to be written; then as much again for the closing itself, so that a
  // second after Close it is over.
  static constexpr auto kCloseTimeout = std::chrono::milliseconds(500);
  // Streams a client may open beside the control stream. They carry nothing we know and are
  // refused one by one; a client that goes on is cut off.
  static constexpr size_t kMaxExtraStreams = 16;

  // Answers a CONNECT with an HTTP status: 200 takes it.
  using Decision = std::function<unsigned(const ConnectRequest&)>;
  // Hears once: 200 when the session is open, else the server's status, or 0 when there was none.
  using Ready = std::function<void(unsigned status)>;

  // Server. The handler is made when the session has been opened; a client that has not opened one
  // by the timeout is cut off, whatever else it says meanwhile.
  static std::shared_ptr<WebTransportConnection> Accept(boost::asio::io_context& io,
                                                        QuicConnection& quic, Decision decision,
                                                        HandlerFactory make_handler,
                                                        Duration session_timeout);
  // Client.
  static std::shared_ptr<WebTransportConnection> Connect(boost::asio::io_context& io,
                                                         QuicConnection& quic,
                                                         ConnectRequest request, Ready on_ready);
  // Client, once it is open: makes the handler. `on_end` is called when all is over, after the
  // handler's OnClosed; nothing may be destroyed from within it.
  void Begin(const HandlerFactory& make_handler, std::function<void()> on_end);

  // For the QUIC connection, which keeps this alive by it.
  std::shared_ptr<QuicSessionHandler> quic_handler();

  void Wake() override;
  void Close(uint16_t code, std::string_view reason) override;
  void Abort() override;
  TransportKind transport() const override { return TransportKind::kWebTransport; }
  bool reliable() const override { return false; }
  size_t max_media_bytes() override { return quic_ != nullptr ? session_.max_datagram_size() : 0; }
  std::optional<Duration> round_trip() const override {
    return quic_ != nullptr ? quic_->round_trip() : std::nullopt;
  }
  const std::string& remote_address() const override {
    return quic_ != nullptr ? quic_->remote_address() : last_remote_address_;
  }

 private:
  struct CloseFrame {
    uint16_t code;
    std::string reason;
  };

  WebTransportConnection(boost::asio::io_context& io, QuicConnection& quic, EndpointRole role);

  ConnectAnswer OnRequest(const ConnectRequest& request) override;
  void OnReady(std::string_view protocol) override;
  void OnRefused(unsigned status) override;
  void OnStreamOpened(int64_t stream) override;
  void OnStreamData(int64_t stream, ByteSpan bytes, bool fin) override;
  void OnStreamReset(int64_t, std::optional<uint32_t>) override {}
  void OnStopSending(int64_t, std::optional<uint32_t>) override {}
  void OnStreamClosed(int64_t stream) override;
  void OnStreamWritable(int64_t stream) override;
  void OnStreamCredit() override;
  void OnDatagram(ByteSpan payload) override;
  bool NextDatagram(ByteSpan& payload) override;
  void OnSessionEnded(const SessionEnd& end) override;
  void OnConnectionClosed(const ConnectionEnd& end) override;

  void OpenControl();
  bool WritePendingControl();
  void GiveUpOpening();
  // As Close, for what the other side did.
  void CloseForFault(CloseCode code, std::string_view reason);
  void CloseWhenWritten();
  void CloseSession();
  void StartTimer(void (WebTransportConnection::*then)(),
                  std::chrono::microseconds after = kCloseTimeout);
  void CutOff();
  void TellReady(unsigned status);
  void TellClosed(const ConnectionEnd& end);

  boost::asio::io_context& io_;
  QuicConnection* quic_;  // null when it has ended
  WebTransportSession session_;
  std::string last_remote_address_;
  Decision decision_;
  HandlerFactory make_handler_;
  Ready on_ready_;
  std::function<void()> on_end_;
  std::unique_ptr<ConnectionHandler> handler_;  // null before and after its time
  std::optional<ConnectionEnd> end_;            // that came before there was a handler

  std::optional<int64_t> control_;
  ControlReader reader_;
  // A control message that the stream had no room for; nothing is pulled while it waits.
  std::vector<uint8_t> pending_control_;
  size_t extra_streams_ = 0;

  std::optional<CloseFrame> close_;
  uint16_t fault_ = 0;       // code of CloseForFault
  bool pulled_all_ = false;  // after close_ was set: no control message is left with the handler
  std::optional<boost::asio::steady_timer> timer_;  // of opening (server), then of closing
};

}  // namespace ferry::net
