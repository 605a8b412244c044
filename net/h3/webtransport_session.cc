#include "net/h3/webtransport_session.h"

#include <utility>

#include "net/h3/varint.h"

namespace ferry::net {

// ---- Opening.

void WebTransportSession::Connect(ConnectRequest request) {
  if (role() != EndpointRole::kClient || state_ != State::kIdle || request_) return;
  request_ = std::move(request);
  TryConnect();
}

void WebTransportSession::TryConnect() {
  if (role() != EndpointRole::kClient || closing() || state_ != State::kIdle || !request_ || !peer_)
    return;
  session_ = OpenRequest();
  if (!session_) return;  // OnCredit tries again
  state_ = State::kAsked;
  SendFrame(*session_, kHeadersFrame, EncodeConnect(*request_), false);
  request_.reset();
}

void WebTransportSession::OnCredit() {
  TryConnect();
  if (open()) handler_.OnStreamCredit();
}

void WebTransportSession::OnSettings(const Settings& settings) {
  peer_ = settings;
  if (role() == EndpointRole::kServer) return Decide();
  if (!settings.webtransport || !settings.datagrams) {
    state_ = State::kOver;
    CloseConnection(H3Error::kNoError, "the server has no WebTransport");
    return handler_.OnRefused(0);
  }
  TryConnect();
}

void WebTransportSession::OnHeaders(int64_t stream, const std::vector<HeaderField>* fields) {
  if (stream == session_) {
    if (role() == EndpointRole::kServer || state_ != State::kAsked) {
      // After a CONNECT's own headers there is nothing but DATA (RFC 9114 §4.4).
      return CloseConnection(H3Error::kFrameUnexpected, "more headers on a CONNECT stream");
    }
    if (fields == nullptr) return GiveUp(0);
    return OnResponse(*fields);
  }
  if (fields == nullptr) return Answer(stream, EncodeStatus(431));
  OnRequest(stream, *fields);
}

void WebTransportSession::OnRequest(int64_t stream, const std::vector<HeaderField>& fields) {
  const auto head = ParseRequest(fields);
  if (!head) {
    Refuse(stream, Code(head.error()));
    return CountWastedStream();
  }
  if (head->method != "CONNECT") return Answer(stream, EncodeStatus(404));
  if (!head->webtransport()) return Answer(stream, EncodeStatus(501));
  if (session_) return Answer(stream, EncodeStatus(429));
  session_ = stream;
  state_ = State::kAsked;
  request_ = head->connect;
  Decide();
}

// A CONNECT is answered once the client's SETTINGS have come too, which packets may have overtaken.
void WebTransportSession::Decide() {
  if (state_ != State::kAsked || !request_ || !peer_) return;
  const ConnectRequest request = *std::exchange(request_, std::nullopt);
  if (!peer_->datagrams || quic().max_datagram_size() == 0) return RefuseRequest(400);
  const ConnectAnswer answer = handler_.OnRequest(request);
  if (closing() || state_ != State::kAsked) return;
  if (answer.status != 200) return RefuseRequest(answer.status);
  if (SendFrame(*session_, kHeadersFrame, EncodeAccept(answer.protocol), false)) {
    Open(answer.protocol);
  }
}

void WebTransportSession::RefuseRequest(unsigned status) {
  state_ = State::kOver;
  Answer(*session_, EncodeStatus(status));
  ResetStreams();
}

void WebTransportSession::OnResponse(const std::vector<HeaderField>& fields) {
  const auto head = ParseResponse(fields);
  if (!head) return GiveUp(0);
  if (head->status < 200) return;  // an interim answer
  if (head->status >= 300) return GiveUp(head->status);
  Open(head->protocol);
}

void WebTransportSession::Open(std::string_view protocol) {
  state_ = State::kOpen;
  datagram_prefix_.clear();
  AppendVarint(datagram_prefix_, static_cast<uint64_t>(*session_) / 4);
  handler_.OnReady(protocol);
  DeliverPending();
}

void WebTransportSession::DeliverPending() {
  for (auto& stream : pending_.TakeAll()) {
    if (closing()) return;
    if (!OnWebTransportStream(stream.id, stream.session)) continue;
    OnWebTransportData(stream.id, stream.bytes, stream.fin);
  }
}

// Client: the request came to nothing.
void WebTransportSession::GiveUp(unsigned status) {
  state_ = State::kOver;
  Refuse(*session_, Code(H3Error::kRequestCancelled));
  ResetStreams();
  handler_.OnRefused(status);
}

// ---- Ending.

void WebTransportSession::OnBody(int64_t stream, ByteSpan bytes) {
  if (stream != session_) return;
  if (closing() || state_ == State::kOver) return;
  const auto close = capsules_.Next(bytes);
  if (!close) {
    Refuse(stream, Code(close.error()));
    return EndByPeer({.clean = false, .code = 0, .reason = "malformed capsule"});
  }
  if (*close) EndByPeer({.clean = true, .code = (*close)->code, .reason = (*close)->reason});
}

void WebTransportSession::OnMessageEnd(int64_t stream) {
  if (stream != session_ || state_ == State::kOver) return;
  if (!capsules_.between()) {
    Refuse(stream, Code(H3Error::kMessageError));
    return EndByPeer({.clean = false, .code = 0, .reason = "ended within a capsule"});
  }
  // Without a capsule it means code 0 and no reason.
  EndByPeer({.clean = true, .code = 0, .reason = {}});
}

void WebTransportSession::OnMessageCut(int64_t stream) {
  if (stream != session_ || state_ == State::kOver) return;
  EndByPeer({.clean = false, .code = 0, .reason = "the CONNECT stream was reset"});
}

void WebTransportSession::EndByPeer(const SessionEnd& end) {
  const State was = std::exchange(state_, State::kOver);
  if (end.clean) quic().Write(*session_, {}, true);
  ResetStreams();
  if (was == State::kOpen) return handler_.OnSessionEnded(end);
  if (role() == EndpointRole::kClient) handler_.OnRefused(0);
}

void WebTransportSession::Close(uint32_t code, std::string_view reason) {
  if (closing() || state_ == State::kOver) return;
  const State was = std::exchange(state_, State::kOver);
  if (was == State::kIdle) return CloseConnection(H3Error::kNoError, "");
  if (was == State::kAsked) {
    Refuse(*session_, Code(H3Error::kRequestCancelled));
  } else {
    std::vector<uint8_t> capsule;
    AppendCloseCapsule(capsule, code, reason);
    SendFrame(*session_, kDataFrame, capsule, true);
  }
  ResetStreams();
}

void WebTransportSession::ResetStreams() {
  if (closing()) return;
  for (const int64_t stream : streams_) Refuse(stream, Code(H3Error::kWtSessionGone));
  streams_.clear();
  for (const auto& stream : pending_.TakeAll()) {
    RefuseWebTransport(stream.id, H3Error::kWtSessionGone);
    if (closing()) return;  // one wasted stream too many
  }
  quic().SetDatagramSource(false);
}

void WebTransportSession::OnClosedStream(int64_t stream) {
  pending_.Remove(stream);
  if (streams_.erase(stream) > 0) return handler_.OnStreamClosed(stream);
  if (stream != session_) return;
  if (state_ != State::kOver) {
    EndByPeer({.clean = false, .code = 0, .reason = "the CONNECT stream closed"});
  }
  // Nothing else can happen on this connection, and Chromium would leave it open.
  CloseConnection(H3Error::kNoError, "");
}

void WebTransportSession::OnConnectionClosed(const ConnectionEnd& end) {
  state_ = State::kOver;
  streams_.clear();
  handler_.OnConnectionClosed(end);
}

// ---- Streams.

bool WebTransportSession::OnWebTransportStream(int64_t stream, int64_t session) {
  const bool may_be_ours = !session_ || session == *session_;
  if (state_ == State::kOver && may_be_ours) {
    RefuseWebTransport(stream, H3Error::kWtSessionGone);
    return false;
  }
  if (!may_be_ours || (state_ != State::kOpen && !pending_.Add(stream, session))) {
    RefuseWebTransport(stream, H3Error::kWtBufferedStreamRejected);
    return false;
  }
  if (state_ == State::kOpen) {
    streams_.insert(stream);
    handler_.OnStreamOpened(stream);
  }
  return true;
}

void WebTransportSession::OnWebTransportData(int64_t stream, ByteSpan bytes, bool fin) {
  if (streams_.contains(stream)) return handler_.OnStreamData(stream, bytes, fin);
  if (!pending_.Contains(stream)) return quic().Consumed(stream, bytes.size());
  if (!pending_.Append(stream, bytes, fin)) {
    RefuseWebTransport(stream, H3Error::kWtBufferedStreamRejected);
  }
}

void WebTransportSession::RefuseWebTransport(int64_t stream, H3Error error) {
  counters().session_streams_refused.Add();
  Refuse(stream, Code(error));
  CountWastedStream();
}

void WebTransportSession::OnWebTransportReset(int64_t stream, uint64_t code) {
  if (streams_.contains(stream)) return handler_.OnStreamReset(stream, FromHttp3Code(code));
  pending_.Remove(stream);
  Refuse(stream, Code(H3Error::kRequestCancelled));
  CountWastedStream();
}

void WebTransportSession::OnWebTransportStopSending(int64_t stream, uint64_t code) {
  if (streams_.contains(stream)) handler_.OnStopSending(stream, FromHttp3Code(code));
}

std::optional<int64_t> WebTransportSession::OpenStream(bool unidirectional) {
  if (!open()) return std::nullopt;
  const auto stream = OpenWebTransport(unidirectional, *session_);
  if (stream) streams_.insert(*stream);
  return stream;
}

bool WebTransportSession::Write(int64_t stream, ByteSpan bytes, bool fin) {
  return !closing() && streams_.contains(stream) && quic().Write(stream, bytes, fin);
}

void WebTransportSession::ResetStream(int64_t stream, uint32_t code) {
  if (!closing() && streams_.contains(stream)) quic().ResetStream(stream, ToHttp3Code(code));
}

void WebTransportSession::StopSending(int64_t stream, uint32_t code) {
  if (!closing() && streams_.contains(stream)) quic().StopSending(stream, ToHttp3Code(code));
}

void WebTransportSession::Consumed(int64_t stream, size_t bytes) {
  if (!closing() && streams_.contains(stream)) quic().Consumed(stream, bytes);
}

void WebTransportSession::OnStreamWritable(int64_t stream) {
  if (open() && streams_.contains(stream)) handler_.OnStreamWritable(stream);
}

WebTransportKept WebTransportSession::kept() const {
  WebTransportKept kept{.http3 = Http3Connection::kept(),
                        .pending_streams = pending_.all().size(),
                        .capsule_bytes = capsules_.kept()};
  for (const auto& stream : pending_.all()) kept.pending_bytes += stream.bytes.size();
  return kept;
}

// ---- Datagrams (RFC 9297 §2.1): a quarter of the session's stream id, then the payload.

void WebTransportSession::SetDatagramSource(bool ready) {
  if (open()) quic().SetDatagramSource(ready);
}

size_t WebTransportSession::max_datagram_size() {
  const size_t whole = quic().max_datagram_size();
  return whole > datagram_prefix_.size() ? whole - datagram_prefix_.size() : 0;
}

void WebTransportSession::OnDatagram(ByteSpan bytes) {
  if (closing()) return;
  const auto quarter = TakeVarint(bytes);
  if (!quarter || *quarter > kMaxVarint / 4) {
    return CloseConnection(H3Error::kDatagramError, "a datagram of no possible stream");
  }
  if (!open() || static_cast<int64_t>(*quarter * 4) != *session_) {
    counters().session_datagrams_dropped.Add();
    return;
  }
  handler_.OnDatagram(bytes);
}

bool WebTransportSession::NextDatagram(std::array<ByteSpan, 2>& parts) {
  ByteSpan payload;
  if (!open() || !handler_.NextDatagram(payload)) return false;
  parts = {ByteSpan(datagram_prefix_), payload};
  return true;
}

}  // namespace ferry::net
