#include "gateway/session/session_connection.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <type_traits>
#include <utility>

namespace ferry::gateway {
namespace {

bool IsFault(int code) {
  return code == static_cast<int>(SignalingError::kMalformed) ||
         code == static_cast<int>(SignalingError::kUnknownType) ||
         code == static_cast<int>(SignalingError::kNotInRoom) ||
         code == static_cast<int>(SignalingError::kTooManyMessages) ||
         code == static_cast<int>(SignalingError::kFrameTooLarge);
}

Refusal Refusing(SignalingError code, std::string message,
                 std::optional<int64_t> id = std::nullopt) {
  return {id, static_cast<int>(code), std::move(message)};
}

// Requests of which everybody in the room is told.
template <typename T>
constexpr bool kTellsOthers =
    std::is_same_v<T, PublishRequest> || std::is_same_v<T, UpdateStreamRequest> ||
    std::is_same_v<T, UnpublishRequest>;

Count& OpenConnections(Metrics& metrics, const net::Connection& connection) {
  return connection.transport() == net::TransportKind::kWebSocket
             ? metrics.websocket_connections
             : metrics.webtransport_connections;
}

}  // namespace

SessionConnection::SessionConnection(SessionWorker& worker, net::Connection& connection)
    : worker_(worker),
      number_(worker.NextNumber()),
      connection_(connection),
      address_(AddressKey::OfText(connection.remote_address())),
      budget_(control().limits()),
      opened_(Now()),
      last_heard_(opened_) {
  worker_.Add(*this);
  OpenConnections(metrics(), connection_).Add(1);
  const auto cut = [this] {
    RefuseAndClose(Refusing(SignalingError::kGatewayFull,
                            "too many clients have connected and not joined, this one longest"),
                   CloseCode::kTryAgainLater);
  };
  entering_.emplace(worker_.entering(), cut, address_);
  context().log.debug("event=opened remote={}", connection_.remote_address());
}

SessionConnection::~SessionConnection() {
  OnClosed({false, 0, "destroyed"});
  OpenConnections(metrics(), connection_).Add(-1);
  worker_.Remove(*this);
}

void SessionConnection::OnControl(std::string_view message) {
  if (closing_) return;
  const Timestamp now = last_heard_ = Now();
  metrics().control_in.Add();
  if (!AdmitMessage(message.size(), now)) return;
  if (token_offered_) ConfirmToken();
  if (!entering() && early_.empty()) return Handle(message);
  if (early_.size() >= kMaxEarlyMessages) return Misbehaved();
  early_.emplace_back(message);
}

bool SessionConnection::TakeMessage(Timestamp now) {
  if (!session_) return budget_.TakeMessage(now);
  const ControlShard::Guard guard(session_->shard());
  return session_->budget().TakeMessage(now);
}

bool SessionConnection::TakeFault(Timestamp now) {
  if (!session_) return budget_.TakeFault(now);
  const ControlShard::Guard guard(session_->shard());
  return session_->budget().TakeFault(now);
}

bool SessionConnection::AdmitMessage(size_t bytes, Timestamp now) {
  if (!TakeMessage(now)) {
    Refuse(Refusing(
        SignalingError::kTooManyMessages,
        fmt::format("more than {} messages a second", control().limits().max_messages_per_second)));
    return false;
  }
  if (context().addresses.TakeMessage(address_, bytes)) return true;
  metrics().control_refused_address.Add();
  // No fault of this client, as far as can be told.
  if (!address_refused_ || now - *address_refused_ >= kAddressRefusalInterval) {
    address_refused_ = now;
    Refuse(Refusing(SignalingError::kTooManyFromAddress,
                    "too many messages from this address: what comes is not read for now"));
  }
  return false;
}

// After `resume` a client says nothing before it has the answer, so that whatever it does say shows
// that it has the new token.
void SessionConnection::ConfirmToken() {
  token_offered_ = false;
  const ControlShard::Guard guard(session_->shard());
  if (current()) session_->ConfirmToken();
}

void SessionConnection::HandleEarly() {
  while (!early_.empty() && !entering() && !closing_) {
    const std::string message = std::move(early_.front());
    early_.pop_front();
    Handle(message);
  }
}

void SessionConnection::Handle(std::string_view message) {
  const auto request = ParseRequest(message);
  if (!request) {
    const Refusal& refusal = request.error();
    if (refusal.id && !Accept(*refusal.id)) return;
    const bool entering = session_ == nullptr && !IsFault(refusal.code);
    if (refusal.code == static_cast<int>(SignalingError::kFrameTooLarge)) {
      RefuseAndClose(refusal, CloseCode::kTooBig);
    } else if (entering) {
      RefuseAndClose(refusal, CloseCode::kJoinRefused);
    } else {
      Refuse(refusal);
    }
    return;
  }
  const int64_t id = request->id;
  if (const auto* join = std::get_if<JoinRequest>(&request->body)) {
    Join(id, *join);
  } else if (const auto* resume = std::get_if<ResumeRequest>(&request->body)) {
    Resume(id, *resume);
  } else if (const auto* ping = std::get_if<PingRequest>(&request->body)) {
    if (ping->ack) Acknowledge(*ping->ack);
    SendDirectly(PongAnswer(id, ping->time_ms, context().clock.UnixMs()));
  } else if (const auto* ack = std::get_if<AckRequest>(&request->body)) {
    Acknowledge(ack->seq);
  } else {
    std::visit(
        [&](const auto& body) {
          if constexpr (requires { Carry(id, body); }) InSession(id, body);
        },
        request->body);
  }
}

template <typename T>
void SessionConnection::InSession(int64_t id, const T& request) {
  if (!session_) {
    return Refuse(Refusing(SignalingError::kNotInRoom, "not in a room: join first", id));
  }
  Answer answer;
  {
    const ControlShard::Guard guard(session_->shard());
    if (!current() || session_->ending()) return;
    if (!session_->Accept(id)) return;  // its answer is in the log
    if (kTellsOthers<T> && !session_->budget().TakeTelling(session_->room()->size(), Now())) {
      answer = std::unexpected(
          Refusing(SignalingError::kTooManyMessages, "too much of which the whole room is told"));
    } else {
      answer = Carry(id, request);
    }
    if (answer) session_->Send(std::move(answer->answer));
    if (answer && std::is_same_v<T, LeaveRequest>) {
      session_->shard().End(*session_, LeaveReason::kLeft, CloseCode::kNormal, "left");
    }
    TakeLog();
  }
  if (!answer) {
    answer.error().id = id;
    Refuse(answer.error());
  } else {
    if (answer->unpublished) endpoint_->Unpublish(*answer->unpublished);
    if (!answer->event.empty()) {
      context().log.info("session={} {}", session_->id(), answer->event);
    }
  }
  Wake();
}

bool SessionConnection::Accept(int64_t id) {
  if (!session_) return true;
  const ControlShard::Guard guard(session_->shard());
  return current() && session_->Accept(id);
}

void SessionConnection::Acknowledge(uint64_t seq) {
  bool known = false;
  if (session_) {
    const ControlShard::Guard guard(session_->shard());
    if (!current()) return;
    known = session_->Acknowledge(seq);
    TakeLog();
  }
  if (!known) {
    return Refuse(Refusing(SignalingError::kMalformed, "ack: nothing of that number was sent"));
  }
  if (!outbox_.empty()) Wake();
}

void SessionConnection::OnMedia(ByteSpan packet) {
  if (closing_) return;
  const Timestamp now = last_heard_ = Now();
  if (packet.size() > rtp::kMaxReceivedPacketSize) {
    return RefuseAndClose(Refusing(SignalingError::kFrameTooLarge,
                                   fmt::format("a media packet has {} bytes, more than {}",
                                               packet.size(), rtp::kMaxReceivedPacketSize)),
                          CloseCode::kTooBig);
  }
  if (!session_) return Refuse(Refusing(SignalingError::kNotInRoom, "media before join"));
  if (!endpoint_) return metrics().Drop(DropReason::kUnknownSource);  // it is moving here
  if (!endpoint_->OnPacket(packet, now)) {
    Refuse(Refusing(SignalingError::kMalformed, "a binary frame is neither RTP nor RTCP"));
  }
}

bool SessionConnection::NextFrame(net::OutgoingFrame& frame) {
  if (!outbox_.empty()) {
    const Outgoing& next = outbox_.front();
    frame_text_ = next.seq ? WithSequence(next.message.text(), *next.seq) : next.message.text();
    if (!next.seq) direct_bytes_ -= frame_text_.size();
    token_offered_ |= next.offers_token;
    outbox_.pop_front();
    frame.control = true;
    frame.bytes = {reinterpret_cast<const uint8_t*>(frame_text_.data()), frame_text_.size()};
    control_waits_since_.reset();
    return true;
  }
  return !closing_ && endpoint_ && endpoint_->NextFrame(frame, Now());
}

void SessionConnection::TakeLog(bool all) {
  if (!current() || resuming_) return;
  for (auto& [seq, message] : session_->FetchLog(all)) {
    outbox_.push_back({.message = std::move(message), .seq = seq});
  }
}

void SessionConnection::SendDirectly(std::string message, bool offers_token) {
  direct_bytes_ += message.size();
  outbox_.push_back({.message = std::move(message), .offers_token = offers_token});
  Wake();
  if (direct_bytes_ <= control().limits().log.max_bytes) return;
  metrics().slow_readers.Add();
  Close(CloseCode::kSlowReader, "too many control messages wait to be read");
}

void SessionConnection::Refuse(const Refusal& refusal) {
  metrics().control_refused.Add();
  context().log.debug("session={} event=refused code={} message={:?}",
                      session_ ? session_->id() : "none", refusal.code, refusal.message);
  if (session_) {
    const ControlShard::Guard guard(session_->shard());
    if (!current()) return;
    session_->Send(ErrorMessage(refusal));
    TakeLog();
  } else {
    SendDirectly(ErrorMessage(refusal));
  }
  Wake();
  if (IsFault(refusal.code) && !TakeFault(Now())) Misbehaved();
}

void SessionConnection::RefuseAndClose(const Refusal& refusal, CloseCode code) {
  Refuse(refusal);
  Close(code, CloseReason(refusal));
}

void SessionConnection::Misbehaved() {
  constexpr const char* kWhy = "too many malformed or refused messages";
  if (session_) {
    const ControlShard::Guard guard(session_->shard());
    if (current()) {
      session_->shard().End(*session_, LeaveReason::kKicked, CloseCode::kMisbehaved, kWhy);
    }
  }
  Close(CloseCode::kMisbehaved, kWhy);
}

void SessionConnection::Tick(Timestamp now) {
  if (closing_) return;
  const SessionLimits& limits = control().limits();
  const bool control_waits = !outbox_.empty();
  if (!control_waits) control_waits_since_.reset();
  if (control_waits && !control_waits_since_) control_waits_since_ = now;
  const Duration stall = limits.media.queue.stall;
  if ((control_waits_since_ && now - *control_waits_since_ > stall) ||
      (endpoint_ && endpoint_->stalled(now))) {
    metrics().slow_readers.Add();
    return Close(CloseCode::kSlowReader, "nothing was read for too long");
  }
  if (!session_ && now - opened_ > limits.join_timeout) {
    return RefuseAndClose(
        Refusing(SignalingError::kNoJoin, "no join or resume within the time allowed"),
        CloseCode::kNoJoin);
  }
  if (session_ && now - last_heard_ > limits.idle_timeout) {
    Close(CloseCode::kIdle, "nothing was heard for too long");
  }
}

void SessionConnection::TakeMedia(MediaEndpoint& endpoint, int64_t last_request) {
  endpoint_ = &endpoint;
  endpoint.Suspend();  // a former connection on this worker
  endpoint.Attach(connection_, Now());
  if (!resuming_) return;
  const Resuming resumed = *std::exchange(resuming_, std::nullopt);
  SendDirectly(ResumedAnswer(resumed.id, last_request, Offer(resumed.token)),
               /*offers_token=*/true);
  const ControlShard::Guard guard(session_->shard());
  TakeLog();
}

void SessionConnection::OnSessionEnded(const Session::Ending& ending) {
  endpoint_ = nullptr;  // ends, too
  resuming_.reset();
  Close(ending.code, ending.reason);
}

void SessionConnection::OnMoved() {
  // With its media suspended: nobody may be there any more to take it over.
  Close(CloseCode::kMoved, "the session goes on over another connection");
}

void SessionConnection::Shutdown() {
  constexpr const char* kWhy = "the gateway is shutting down";
  if (closing_) return;
  if (session_) {
    const ControlShard::Guard guard(session_->shard());
    if (!current()) return;
    session_->Send(Closing(kWhy, /*reconnect=*/true));
    session_->shard().End(*session_, LeaveReason::kLeft, CloseCode::kGoingAway, kWhy);
  } else {
    SendDirectly(Closing(kWhy, /*reconnect=*/true));
  }
  Close(CloseCode::kGoingAway, kWhy);
}

void SessionConnection::OnClosed(const net::ConnectionEnd& end) {
  if (end.fault != 0 && !closing_) {
    metrics().Closed(static_cast<CloseCode>(end.fault)).Add();
    context().log.info("event=closing code={} remote={} reason={:?}", end.fault,
                       connection_.remote_address(), end.reason);
  }
  closing_ = true;
  entering_.reset();
  if (!session_) return;
  context().log.info("session={} event=disconnected remote={} reason={:?}", session_->id(),
                     connection_.remote_address(), end.reason);
  DetachMedia();
  const auto session = std::exchange(session_, nullptr);
  const ControlShard::Guard guard(session->shard());
  session->Forget(*this);
  if (session->connection() != this) return;
  // Who merely lost the connection, or left it for another, closes with another code or none.
  if (end.clean && (end.code == net::ToWire(CloseCode::kNormal) ||
                    end.code == net::ToWire(CloseCode::kGoingAway))) {
    session->shard().End(*session, LeaveReason::kLeft, CloseCode::kNormal, "closed by the client");
  }
  session->shard().Detach(*session, Now());
}

void SessionConnection::DetachMedia() {
  if (endpoint_) std::exchange(endpoint_, nullptr)->Suspend();
}

// A connection that is cut off keeps its session until OnClosed follows: the last messages are
// still written.
void SessionConnection::Close(CloseCode code, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  entering_.reset();
  context().log.info("session={} event=closing code={} reason={:?}",
                     session_ ? session_->id() : "none", static_cast<int>(code), reason);
  metrics().Closed(code).Add();
  DetachMedia();
  if (session_) {
    const ControlShard::Guard guard(session_->shard());
    TakeLog(/*all=*/true);
  }
  connection_.Close(static_cast<uint16_t>(code), reason);
}

}  // namespace ferry::gateway
