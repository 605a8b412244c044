#include "net/h3/http3_connection.h"

#include <algorithm>
#include <utility>

namespace ferry::net {

void Http3Connection::OnHandshakeDone() {
  handshake_done_ = true;
  OpenControlStream();
}

void Http3Connection::OpenControlStream() {
  if (closing_ || !handshake_done_ || control_stream_) return;
  control_stream_ = quic_.OpenUni();
  if (!control_stream_) return;  // OnStreamCredit tries again
  streams_.emplace(*control_stream_, Stream{Kind::kOurs, StreamPrefixReader(true), nullptr});

  std::vector<uint8_t> out;
  AppendVarint(out, kControlStreamType);
  const std::vector<uint8_t> settings = OurSettings();
  AppendVarint(out, kSettingsFrame);
  AppendVarint(out, settings.size());
  out.insert(out.end(), settings.begin(), settings.end());
  if (!quic_.Write(*control_stream_, out, false)) {
    CloseConnection(H3Error::kInternalError, "SETTINGS cannot be sent");
  }
}

void Http3Connection::OnStreamCredit() {
  OpenControlStream();
  if (!closing_) OnCredit();
}

void Http3Connection::OnClosed(const ConnectionEnd& end) {
  closing_ = true;
  OnConnectionClosed(end);
}

void Http3Connection::CloseConnection(H3Error error, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  if (error == H3Error::kExcessiveLoad) {
    counters_.h3_excessive_load.Add();
  } else if (error != H3Error::kNoError) {
    counters_.h3_errors.Add();
  }
  quic_.Close(Code(error), reason);
}

void Http3Connection::Refuse(int64_t stream, uint64_t code) {
  const bool from_peer = !IsLocal(stream);
  if (!IsUnidirectional(stream) || !from_peer) quic_.ResetStream(stream, code);
  if (!IsUnidirectional(stream) || from_peer) quic_.StopSending(stream, code);
  Ignore(stream);
}

void Http3Connection::CountWastedStream() {
  counters_.h3_wasted_streams.Add();
  if (++wasted_streams_ <= kMaxWastedStreams) return;
  CloseConnection(H3Error::kExcessiveLoad, "too many streams that are of no use");
}

void Http3Connection::Ignore(int64_t id) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return;
  if (it->second.kind == Kind::kMessage && !IsLocal(id)) --requests_;
  it->second.kind = Kind::kIgnored;
  it->second.message.reset();
}

std::optional<int64_t> Http3Connection::OpenRequest() {
  const auto id = quic_.OpenBidi();
  if (id) {
    streams_.emplace(
        *id, Stream{Kind::kMessage, StreamPrefixReader(false), std::make_unique<MessageReader>()});
  }
  return id;
}

std::optional<int64_t> Http3Connection::OpenWebTransport(bool unidirectional, int64_t session) {
  const auto id = unidirectional ? quic_.OpenUni() : quic_.OpenBidi();
  if (!id) return std::nullopt;
  streams_.emplace(*id, Stream{Kind::kWebTransport, StreamPrefixReader(unidirectional), nullptr});
  std::vector<uint8_t> prefix;
  AppendWebTransportPrefix(prefix, unidirectional, session);
  if (!quic_.Write(*id, prefix, false)) {
    CloseConnection(H3Error::kInternalError, "a new stream takes no bytes");
    return std::nullopt;
  }
  return id;
}

bool Http3Connection::SendFrame(int64_t stream, uint64_t type, ByteSpan payload, bool fin) {
  std::vector<uint8_t> out;
  AppendVarint(out, type);
  AppendVarint(out, payload.size());
  out.insert(out.end(), payload.begin(), payload.end());
  if (!quic_.Write(stream, out, fin)) {
    CloseConnection(H3Error::kInternalError, "a request stream takes no bytes");
  }
  return !closing_;
}

void Http3Connection::Answer(int64_t stream, ByteSpan header_block) {
  if (!SendFrame(stream, kHeadersFrame, header_block, true)) return;
  // The answer does not need the rest of the request (RFC 9114 §4.1).
  quic_.StopSending(stream, Code(H3Error::kNoError));
  Ignore(stream);
  CountWastedStream();
}

Http3Kept Http3Connection::kept() const {
  Http3Kept kept{.settings_bytes = control_reader_.kept()};
  for (const auto& [id, stream] : streams_) {
    if (stream.message) kept.header_bytes = std::max(kept.header_bytes, stream.message->kept());
    if (IsLocal(id)) continue;
    ++kept.streams;
    if (stream.message) ++kept.requests;
  }
  return kept;
}

Http3Connection::Stream* Http3Connection::FindOrAccept(int64_t id) {
  if (const auto it = streams_.find(id); it != streams_.end()) return &it->second;
  if (IsLocal(id)) return nullptr;
  if (incoming_ == kMaxIncomingStreams) {
    Refuse(id, Code(H3Error::kRequestRejected));
    CountWastedStream();
    return nullptr;
  }
  ++incoming_;
  Stream stream{Kind::kPrefix, StreamPrefixReader(IsUnidirectional(id)), nullptr};
  return &streams_.emplace(id, std::move(stream)).first->second;
}

void Http3Connection::OnStreamData(int64_t id, ByteSpan bytes, bool fin) {
  if (closing_) return;
  const size_t before = bytes.size();
  Stream* stream = FindOrAccept(id);
  if (stream == nullptr) return quic_.Consumed(id, before);
  if (stream->kind == Kind::kPrefix && !Classify(id, *stream, bytes, fin)) {
    if (!closing_) quic_.Consumed(id, before);
    return;
  }
  // What a session's stream carries is given back by whoever takes it; all else is used up here.
  if (stream->kind == Kind::kWebTransport) {
    if (before > bytes.size()) quic_.Consumed(id, before - bytes.size());
    OnWebTransportData(id, bytes, fin);
    return;
  }
  if (before > 0) quic_.Consumed(id, before);

  switch (stream->kind) {
    case Kind::kControl:
      ReadControl(bytes);
      break;
    case Kind::kQpackEncoder:
      if (!ValidEncoderStream(bytes)) {
        CloseConnection(H3Error::kQpackEncoderStreamError, "an entry for a table of size 0");
      }
      break;
    case Kind::kQpackDecoder:
      if (!decoder_stream_reader_.Read(bytes)) {
        CloseConnection(H3Error::kQpackDecoderStreamError, "of entries that were never sent");
      }
      break;
    case Kind::kMessage:
      ReadMessage(id, bytes, fin);
      return;
    default:
      return;
  }
  if (fin) CloseConnection(H3Error::kClosedCriticalStream, "a critical stream ended");
}

// Finds out what a stream is; false when that is not known yet or it was refused.
bool Http3Connection::Classify(int64_t id, Stream& stream, ByteSpan& bytes, bool fin) {
  const auto kind = stream.prefix.Take(bytes);
  if (!kind) {
    CloseConnection(kind.error(), "a WebTransport stream of no possible session");
    return false;
  }
  if (*kind) return Become(id, stream, **kind);
  if (fin) {
    // Ended before it said what it is, which a unidirectional stream may (RFC 9114 §6.2).
    if (!IsUnidirectional(id)) Refuse(id, Code(H3Error::kRequestIncomplete));
    stream.kind = Kind::kIgnored;
    CountWastedStream();
  }
  return false;
}

bool Http3Connection::Become(int64_t id, Stream& stream, StreamKind kind) {
  switch (kind) {
    case StreamKind::kControl:
      return BecomeCritical(stream, Kind::kControl, have_control_);
    case StreamKind::kQpackEncoder:
      return BecomeCritical(stream, Kind::kQpackEncoder, have_encoder_);
    case StreamKind::kQpackDecoder:
      return BecomeCritical(stream, Kind::kQpackDecoder, have_decoder_);
    case StreamKind::kPush:
      // A client has none to send; a server may not without a MAX_PUSH_ID, which we never send.
      CloseConnection(
          role_ == EndpointRole::kServer ? H3Error::kStreamCreationError : H3Error::kIdError,
          "a push stream");
      return false;
    case StreamKind::kRequest:
      return BecomeRequest(id, stream);
    case StreamKind::kWebTransport:
      stream.kind = Kind::kWebTransport;
      return OnWebTransportStream(id, stream.prefix.session());
    case StreamKind::kUnknown:
      Refuse(id, Code(H3Error::kStreamCreationError));
      CountWastedStream();
      return false;
  }
  return false;
}

bool Http3Connection::BecomeCritical(Stream& stream, Kind kind, bool& have) {
  if (std::exchange(have, true)) {
    CloseConnection(H3Error::kStreamCreationError, "a second critical stream of its kind");
    return false;
  }
  stream.kind = kind;
  return true;
}

bool Http3Connection::BecomeRequest(int64_t id, Stream& stream) {
  if (role_ == EndpointRole::kClient) {
    CloseConnection(H3Error::kStreamCreationError, "a request from the server");
    return false;
  }
  stream.kind = Kind::kMessage;
  stream.message = std::make_unique<MessageReader>();
  if (++requests_ > kMaxRequests) {
    Refuse(id, Code(H3Error::kRequestRejected));
    CountWastedStream();
    return false;
  }
  ByteSpan first(stream.prefix.taken());
  if (const auto event = stream.message->Next(first); !event) {
    CloseConnection(event.error(), "a frame that has no place in a request");
    return false;
  }
  return true;
}

void Http3Connection::ReadControl(ByteSpan bytes) {
  while (!closing_) {
    const auto event = control_reader_.Next(bytes);
    if (!event) return CloseConnection(event.error(), "on the control stream");
    if (!*event) return;
    // A GOAWAY changes nothing: a connection carries one session and asks for no other.
    if (const auto* settings = std::get_if<Settings>(&**event)) OnSettings(*settings);
  }
}

void Http3Connection::ReadMessage(int64_t id, ByteSpan bytes, bool fin) {
  // Looked up each time round: what is told above may refuse the stream.
  const auto reader = [&]() -> MessageReader* {
    const auto it = streams_.find(id);
    return closing_ || it == streams_.end() ? nullptr : it->second.message.get();
  };
  while (MessageReader* message = reader()) {
    const auto event = message->Next(bytes);
    if (!event) return CloseConnection(event.error(), "on a request stream");
    if (!*event) break;
    if (!(*event)->headers) {
      OnBody(id, (*event)->bytes);
      continue;
    }
    const auto fields = DecodeHeaders((*event)->bytes);
    if (!fields && fields.error() != H3Error::kExcessiveLoad) {
      return CloseConnection(fields.error(), "a header block");
    }
    OnHeaders(id, fields ? &*fields : nullptr);
  }
  if (!fin) return;
  MessageReader* message = reader();
  if (message == nullptr) return;
  if (const auto end = message->End(); !end) {
    if (end.error() == H3Error::kFrameError) {
      return CloseConnection(end.error(), "a request stream ended within a frame");
    }
    return Cut(id, end.error());
  }
  OnMessageEnd(id);
}

void Http3Connection::Cut(int64_t id, H3Error error) {
  Refuse(id, Code(error));
  CountWastedStream();
  OnMessageCut(id);
}

void Http3Connection::OnStreamReset(int64_t id, uint64_t code) {
  if (closing_) return;
  Stream* stream = FindOrAccept(id);
  if (stream == nullptr) return;
  switch (stream->kind) {
    case Kind::kControl:
    case Kind::kQpackEncoder:
    case Kind::kQpackDecoder:
      return CloseConnection(H3Error::kClosedCriticalStream, "a critical stream was reset");
    case Kind::kMessage:
      return Cut(id, H3Error::kRequestCancelled);
    case Kind::kWebTransport:
      return OnWebTransportReset(id, code);
    case Kind::kPrefix:
      Refuse(id, Code(H3Error::kRequestCancelled));
      return CountWastedStream();
    default:
      return;
  }
}

void Http3Connection::OnStopSending(int64_t id, uint64_t code) {
  if (closing_) return;
  Stream* stream = FindOrAccept(id);
  if (stream == nullptr) return;
  if (stream->kind == Kind::kOurs) {
    return CloseConnection(H3Error::kClosedCriticalStream, "our control stream was refused");
  }
  if (stream->kind == Kind::kMessage) {
    // A server that has answered needs no more of the request; the answer counts (RFC 9114 §4.1).
    if (role_ == EndpointRole::kClient && code == Code(H3Error::kNoError)) return;
    return Cut(id, H3Error::kRequestCancelled);
  }
  if (stream->kind == Kind::kWebTransport) OnWebTransportStopSending(id, code);
}

void Http3Connection::OnStreamClosed(int64_t id) {
  const auto it = streams_.find(id);
  if (it == streams_.end()) return;
  const Kind kind = it->second.kind;
  if (!IsLocal(id)) {
    --incoming_;
    if (kind == Kind::kMessage) --requests_;
  }
  streams_.erase(it);
  if (closing_) return;
  if (kind == Kind::kMessage || kind == Kind::kWebTransport || kind == Kind::kIgnored) {
    OnClosedStream(id);
  } else if (kind != Kind::kPrefix) {
    CloseConnection(H3Error::kClosedCriticalStream, "a critical stream closed");
  }
}

}  // namespace ferry::net
