#include "net/webtransport/webtransport_connection.h"

#include <utility>

namespace ferry::net {
namespace {

// HTTP/3's for a connection with nothing more to do (RFC 9114 §8.1).
constexpr uint64_t kNoError = 0x100;

// Opened by the client, both ways (RFC 9000 §2.1).
bool IsClientBidi(int64_t stream) { return (stream & 3) == 0; }

}  // namespace

WebTransportConnection::WebTransportConnection(boost::asio::io_context& io, QuicConnection& quic,
                                               EndpointRole role)
    : io_(io), quic_(&quic), session_(quic, role, *this, quic.counters()) {}

std::shared_ptr<WebTransportConnection> WebTransportConnection::Accept(boost::asio::io_context& io,
                                                                       QuicConnection& quic,
                                                                       Decision decision,
                                                                       HandlerFactory make_handler,
                                                                       Duration session_timeout) {
  std::shared_ptr<WebTransportConnection> made(
      new WebTransportConnection(io, quic, EndpointRole::kServer));
  made->decision_ = std::move(decision);
  made->make_handler_ = std::move(make_handler);
  made->StartTimer(&WebTransportConnection::GiveUpOpening,
                   std::chrono::microseconds(session_timeout.us()));
  return made;
}

std::shared_ptr<WebTransportConnection> WebTransportConnection::Connect(boost::asio::io_context& io,
                                                                        QuicConnection& quic,
                                                                        ConnectRequest request,
                                                                        Ready on_ready) {
  std::shared_ptr<WebTransportConnection> made(
      new WebTransportConnection(io, quic, EndpointRole::kClient));
  made->on_ready_ = std::move(on_ready);
  made->session_.Connect(std::move(request));
  return made;
}

std::shared_ptr<QuicSessionHandler> WebTransportConnection::quic_handler() {
  return {shared_from_this(), &session_.quic_handler()};
}

// ---- Opening.

void WebTransportConnection::GiveUpOpening() {
  // The wait was over before the opening could cancel it.
  if (handler_ != nullptr) return;
  if (quic_ != nullptr) quic_->counters().session_timeouts.Add();
  CutOff();
}

ConnectAnswer WebTransportConnection::OnRequest(const ConnectRequest& request) {
  const unsigned status = decision_(request);
  // Who is refused has nothing more to say; browsers leave the connection open.
  if (status != 200) StartTimer(&WebTransportConnection::CutOff);
  return {status, {}};
}

void WebTransportConnection::OnReady(std::string_view) {
  timer_.reset();
  if (make_handler_) handler_ = std::exchange(make_handler_, nullptr)(*this);
  // Whoever the handler did not want is still counted until it has gone.
  if (!close_) quic_->ReleaseAdmission();
  TellReady(200);
}

void WebTransportConnection::OnRefused(unsigned status) {
  TellReady(status);
  CutOff();
}

void WebTransportConnection::TellReady(unsigned status) {
  if (on_ready_) std::exchange(on_ready_, nullptr)(status);
}

void WebTransportConnection::Begin(const HandlerFactory& make_handler,
                                   std::function<void()> on_end) {
  handler_ = make_handler(*this);
  if (quic_ == nullptr || !session_.open()) {
    // Whom the server does not want is told as soon as the session is open.
    TellClosed(end_.value_or(ConnectionEnd{false, 0, "the connection ended before it was used"}));
    CutOff();
  }
  if (quic_ == nullptr) return on_end();
  on_end_ = std::move(on_end);
  OpenControl();
}

void WebTransportConnection::OpenControl() {
  control_ = session_.OpenBidi();
  if (control_) Wake();
}

void WebTransportConnection::OnStreamCredit() {
  // Client: none was there when it began.
  if (handler_ && !control_ && on_end_) OpenControl();
}

void WebTransportConnection::OnStreamOpened(int64_t stream) {
  if (handler_ && !control_ && IsClientBidi(stream)) {
    control_ = stream;
    Wake();
    return;
  }
  session_.StopSending(stream, 0);
  session_.ResetStream(stream, 0);
  if (++extra_streams_ > kMaxExtraStreams)
    CloseForFault(CloseCode::kMisbehaved, "too many streams");
}

// ---- Reading.

void WebTransportConnection::OnStreamData(int64_t stream, ByteSpan bytes, bool) {
  const size_t size = bytes.size();
  if (stream == control_ && handler_ && !close_) {
    while (const auto message = reader_.Next(bytes)) {
      handler_->OnControl(*message);
      if (!handler_ || close_) break;
    }
    if (reader_.failed() && handler_)
      CloseForFault(CloseCode::kTooBig, "a control message is too large");
  }
  session_.Consumed(stream, size);
}

void WebTransportConnection::OnDatagram(ByteSpan payload) {
  if (handler_ && !close_) handler_->OnMedia(payload);
}

void WebTransportConnection::OnStreamClosed(int64_t stream) {
  if (stream != control_) return;
  // Nothing can be said any more; who is not heard of is ended by the session's own limits.
  control_.reset();
  pending_control_.clear();
  CloseWhenWritten();
}

// ---- Writing.

void WebTransportConnection::Wake() {
  if (quic_ != nullptr && control_ && pending_control_.empty()) session_.SetDatagramSource(true);
}

bool WebTransportConnection::NextDatagram(ByteSpan& payload) {
  if (!handler_ || !control_ || !WritePendingControl()) return false;
  OutgoingFrame frame;
  while (handler_->NextFrame(frame)) {
    if (!frame.control) {
      payload = frame.bytes;
      return true;
    }
    AppendControl(pending_control_, frame.bytes);
    if (!WritePendingControl()) return false;
  }
  if (close_) {
    pulled_all_ = true;
    CloseWhenWritten();
  }
  return false;
}

// False when it has to wait: OnStreamWritable goes on.
bool WebTransportConnection::WritePendingControl() {
  if (pending_control_.empty()) return true;
  if (!session_.Write(*control_, pending_control_, false)) return false;
  pending_control_.clear();
  return true;
}

void WebTransportConnection::OnStreamWritable(int64_t stream) {
  if (stream != control_ || !handler_) return;
  const bool waited = !pending_control_.empty();
  if (waited && WritePendingControl()) session_.SetDatagramSource(true);
  CloseWhenWritten();
}

// ---- Ending.

void WebTransportConnection::CloseForFault(CloseCode code, std::string_view reason) {
  if (!close_) fault_ = ToWire(code);
  Close(ToWire(code), reason);
}

void WebTransportConnection::Close(uint16_t code, std::string_view reason) {
  if (close_ || quic_ == nullptr || session_.over()) return;
  close_ = CloseFrame{code, std::string(reason)};
  StartTimer(&WebTransportConnection::CloseSession);
  if (!control_ || !handler_) {
    pulled_all_ = true;
    return CloseWhenWritten();
  }
  session_.SetDatagramSource(true);
}

// The session's end resets its streams, so that what has not arrived by then is lost: it waits for
// the last control message to be acknowledged.
void WebTransportConnection::CloseWhenWritten() {
  if (!close_ || quic_ == nullptr) return;
  const bool waits = control_ && (!pulled_all_ || !pending_control_.empty() ||
                                  quic_->unacknowledged(*control_) > 0);
  if (!waits) CloseSession();
}

void WebTransportConnection::CloseSession() {
  if (quic_ == nullptr) return;
  session_.Close(close_->code, close_->reason);
  StartTimer(&WebTransportConnection::CutOff);
}

void WebTransportConnection::OnSessionEnded(const SessionEnd& end) {
  StartTimer(&WebTransportConnection::CutOff);
  // The codes of the protocol have 16 bits; another is none of it. Without a code: browsers end the
  // sessions of a page that is closed or left so.
  const auto code = end.clean && end.code == 0
                        ? ToWire(CloseCode::kGoingAway)
                        : static_cast<uint16_t>(end.code <= 0xFFFF ? end.code : 0);
  std::string reason = end.reason;
  if (reason.empty()) reason = "closed with code " + std::to_string(end.code);
  TellClosed({end.clean, code, std::move(reason)});
}

void WebTransportConnection::OnConnectionClosed(const ConnectionEnd& end) {
  last_remote_address_ = quic_->remote_address();
  quic_ = nullptr;
  timer_.reset();
  TellReady(0);
  // What has been closed by us ends well. Any other end without a close of the session does not,
  // but for a client that closes the whole connection for no error.
  const bool went_away = !close_ && end.clean && end.code == kNoError;
  TellClosed({went_away || (close_ && end.clean),
              went_away ? ToWire(CloseCode::kGoingAway) : uint16_t{0}, end.reason});
  if (on_end_) std::exchange(on_end_, nullptr)();
}

void WebTransportConnection::Abort() {
  if (quic_ != nullptr) quic_->Abort();
}

void WebTransportConnection::CutOff() {
  if (quic_ != nullptr) quic_->Close(kNoError, "");
}

void WebTransportConnection::StartTimer(void (WebTransportConnection::*then)(),
                                        std::chrono::microseconds after) {
  timer_.emplace(io_, after);
  timer_->async_wait([weak = weak_from_this(), then](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) (self.get()->*then)();
  });
}

void WebTransportConnection::TellClosed(const ConnectionEnd& end) {
  if (!handler_) {
    if (!end_) end_ = end;
    return;
  }
  const auto handler = std::move(handler_);
  ConnectionEnd told = end;
  told.fault = fault_;
  handler->OnClosed(told);
}

}  // namespace ferry::net
