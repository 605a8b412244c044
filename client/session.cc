#include "client/session.h"

#include <utility>

namespace ferry::client {
namespace {

// For a gateway that does not speak the protocol.
constexpr uint16_t kProtocolError = net::ToWire(net::CloseCode::kBrokenFraming);

// Whether a new connection is of no use after this one was closed.
bool IsFinal(uint16_t code) {
  using net::CloseCode;
  switch (static_cast<CloseCode>(code)) {
    case CloseCode::kNormal:
    case CloseCode::kReplaced:
    case CloseCode::kMisbehaved:
    case CloseCode::kJoinRefused:
    case CloseCode::kMoved:
      return true;
    default:
      return false;
  }
}

// The answer to `resume` where the same user has entered again since (docs/protocol.md §2.3).
constexpr int kReplacedError = 20'019;
// As `kicked` gives it.
constexpr const char* kReplacedReason = "kick";

bool Is(const net::ConnectionEnd& end, net::CloseCode code) {
  return end.code == net::ToWire(code);
}

}  // namespace

class Session::Link final : public net::ConnectionHandler {
 public:
  Link(Session& session, net::Connection& connection)
      : session_(&session), connection_(connection) {}
  ~Link() override { Detach(); }

  void OnControl(std::string_view message) override {
    // What a connection that was left still says is said again on the new one.
    if (current()) session_->OnControl(message);
  }
  void OnMedia(ByteSpan packet) override {
    if (session_) session_->media_.OnPacket(packet, session_->clock_.Now());
  }
  bool NextFrame(net::OutgoingFrame& frame) override {
    return session_ && session_->NextFrame(*this, frame);
  }
  void OnClosed(const net::ConnectionEnd& end) override {
    const bool was_current = current();
    Session* session = Detach();
    if (was_current) session->OnClosed(end);
  }

  net::Connection& connection() { return connection_; }
  // The session hears of this connection no more.
  Session* Detach() {
    Session* session = std::exchange(session_, nullptr);
    if (session && session->link_ == this) session->link_ = nullptr;
    if (session && session->previous_ == this) session->previous_ = nullptr;
    return session;
  }

 private:
  bool current() const { return session_ && session_->link_ == this; }

  Session* session_;
  net::Connection& connection_;
};

Session::Session(JoinParams params, const Clock& clock, MediaPort& media, SessionListener& listener)
    : params_(std::move(params)), clock_(clock), media_(media), listener_(listener) {}

Session::~Session() { Abort(); }

std::unique_ptr<net::ConnectionHandler> Session::NewHandler(net::Connection& connection) {
  AbortPrevious();
  if (link_) {
    previous_ = link_;
    control_.OnDisconnected();
  }
  auto link = std::make_unique<Link>(*this, connection);
  link_ = link.get();
  transport_ = connection.transport();
  // The first request of a session; it waits in the channel until a connection takes it.
  if (!std::exchange(join_requested_, true)) static_cast<void>(control_.Join(params_));
  control_.OnConnected(clock_.Now());
  connection.Wake();
  return link;
}

Result<void> Session::Requested(const Result<int64_t>& id) {
  if (!id) return std::unexpected(id.error());
  Wake();
  return {};
}

Result<int64_t> Session::Publish(const PublishParams& params) {
  auto id = control_.Publish(params);
  Wake();
  return id;
}
Result<void> Session::UpdateStream(const std::string& stream_id, bool muted) {
  return Requested(control_.UpdateStream(stream_id, muted));
}
Result<void> Session::Unpublish(const std::string& stream_id) {
  return Requested(control_.Unpublish(stream_id));
}
Result<void> Session::Subscribe(const std::string& stream_id, const LayerPreference* preference) {
  return Requested(control_.Subscribe(stream_id, preference));
}
Result<void> Session::UpdateSubscription(const std::string& stream_id,
                                         const LayerPreference& preference) {
  return Requested(control_.UpdateSubscription(stream_id, preference));
}
Result<void> Session::Unsubscribe(const std::string& stream_id) {
  return Requested(control_.Unsubscribe(stream_id));
}

void Session::Leave() {
  if (leaving_ || ended_) return;
  leaving_ = true;
  if (!link_ || !control_.Leave()) {
    End(SessionEnd::Cause::kLeft, 0, "left");
    return;
  }
  Wake();
}

void Session::AbortPrevious() {
  if (!previous_) return;
  net::Connection& connection = previous_->connection();
  previous_->Detach();
  connection.Abort();
}

void Session::Abort() {
  ended_ = true;
  AbortPrevious();
  if (!link_) return;
  net::Connection& connection = link_->connection();
  link_->Detach();
  connection.Abort();
}

void Session::Tick() {
  control_.Tick(clock_.Now());
  if (control_.has_message()) Wake();
}

void Session::Wake() {
  if (link_) link_->connection().Wake();
  if (Link* media = MediaLink(); media && media != link_) media->connection().Wake();
}

// Media that overtook a resume would be refused.
Session::Link* Session::MediaLink() const { return control_.resuming() ? previous_ : link_; }

bool Session::NextFrame(const Link& link, net::OutgoingFrame& frame) {
  if (&link == link_) {
    if (auto message = control_.NextMessage()) {
      writing_ = std::move(*message);
      frame.control = true;
      frame.bytes = {reinterpret_cast<const uint8_t*>(writing_.data()), writing_.size()};
      return true;
    }
  }
  if (&link != MediaLink()) return false;
  frame.control = false;
  frame.bytes = media_.NextPacket(clock_.Now());
  return !frame.bytes.empty();
}

void Session::OnControl(std::string_view message) {
  auto event = control_.Receive(message, clock_.Now());
  if (!event) {
    net::Connection& connection = link_->connection();
    connection.Close(kProtocolError, "malformed message");
    End(SessionEnd::Cause::kClosed, kProtocolError, event.error().message);
    return;
  }
  if (auto* answered = std::get_if<Answered>(&*event)) {
    OnAnswered(std::move(*answered));
  } else if (const auto* notification = std::get_if<Notification>(&*event)) {
    if (const auto* kicked = std::get_if<Kicked>(notification)) {
      cause_ = SessionEnd{SessionEnd::Cause::kKicked, 0, kicked->reason};
    }
    listener_.OnNotification(*notification);
  }
  if (control_.has_message()) Wake();
}

void Session::OnAnswered(Answered answered) {
  const Answer& answer = answered.answer;
  if (answer.error) {
    if (answered.type == RequestType::kResume && answer.error->code == kReplacedError) {
      cause_ = SessionEnd{SessionEnd::Cause::kKicked, 0, kReplacedReason};
      return;  // the gateway closes next
    }
    if (answered.type == RequestType::kResume) {
      Forget();
      return;
    }
    if (answered.type == RequestType::kJoin) {
      cause_ = SessionEnd{SessionEnd::Cause::kRefused, answer.error->code, answer.error->message};
      return;  // the gateway closes next
    }
    listener_.OnRequestFailed(answered.type, answered.stream_id, *answer.error);
    return;
  }
  switch (answered.type) {
    case RequestType::kJoin:
      listener_.OnJoined(answer.users);
      return;
    case RequestType::kResume:
      listener_.OnResumed();
      Wake();  // for media that waited
      return;
    case RequestType::kPublish:
      listener_.OnPublished(
          {answered.id, answer.stream_id,
           answer.ssrcs.empty() ? std::vector<uint32_t>{*answer.ssrc} : answer.ssrcs});
      return;
    case RequestType::kSubscribe:
      listener_.OnSubscribed(answered.stream_id, *answer.ssrc);
      return;
    default:
      return;
  }
}

void Session::OnClosed(const net::ConnectionEnd& end) {
  control_.OnDisconnected();
  AbortPrevious();
  if (ended_) return;
  if (leaving_) {
    End(SessionEnd::Cause::kLeft, end.code, "left");
  } else if (cause_) {
    End(cause_->cause, cause_->code == 0 ? end.code : cause_->code, cause_->reason);
  } else if (end.clean && Is(end, net::CloseCode::kReplaced)) {
    End(SessionEnd::Cause::kKicked, end.code, kReplacedReason);
  } else if (end.clean && IsFinal(end.code)) {
    // Of a refusal that the close has overtaken.
    const auto error = ParseCloseReason(end.reason);
    const bool refused = Is(end, net::CloseCode::kJoinRefused);
    End(refused ? SessionEnd::Cause::kRefused : SessionEnd::Cause::kClosed,
        error ? error->code : end.code, error ? error->message : end.reason);
  } else {
    if (end.clean && Is(end, net::CloseCode::kCannotResume)) Forget();
    listener_.OnConnectionLost(end);
  }
}

void Session::Forget() {
  control_ = ControlChannel();
  join_requested_ = false;
}

void Session::End(SessionEnd::Cause cause, int code, std::string reason) {
  if (std::exchange(ended_, true)) return;
  if (link_) link_->Detach();
  AbortPrevious();
  listener_.OnEnded({cause, code, std::move(reason)});
}

}  // namespace ferry::client
