#include "gateway/session/session.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "gateway/auth/usersig.h"

namespace ferry::gateway {
namespace {

std::unexpected<Refusal> Refusing(SignalingError code, std::string message) {
  return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
}

const std::unexpected<Refusal> kNotInRoom =
    Refusing(SignalingError::kNotInRoom, "not in a room: join first");

bool IsFault(int code) {
  return code == static_cast<int>(SignalingError::kMalformed) ||
         code == static_cast<int>(SignalingError::kUnknownType) ||
         code == static_cast<int>(SignalingError::kNotInRoom) ||
         code == static_cast<int>(SignalingError::kTooManyMessages) ||
         code == static_cast<int>(SignalingError::kFrameTooLarge);
}

}  // namespace

Session::Session(SessionContext& context, net::Connection& connection)
    : context_(context),
      connection_(connection),
      session_id_(fmt::format("{:016x}", context.random())),
      next_ssrc_(static_cast<uint32_t>(context.random() | 1)),
      media_(context.limits.media, context.sfu, *this, next_ssrc_++),
      messages_(static_cast<double>(context.limits.max_messages_per_second),
                static_cast<double>(context.limits.message_burst)),
      faults_(1.0, static_cast<double>(context.limits.max_faults)),
      opened_(Now()),
      last_heard_(opened_) {
  media_.Attach(connection, Now());
  context_.sessions.insert(this);
  context_.metrics.sessions.Add(1);
  context_.log.info("session={} event=opened remote={}", session_id_, connection_.remote_address());
}

Session::~Session() {
  LeaveRoom(LeaveReason::kTimedOut);
  context_.sessions.erase(this);
  context_.metrics.sessions.Add(-1);
}

void Session::OnControl(std::string_view message) {
  if (closing_) return;
  const Timestamp now = last_heard_ = Now();
  context_.metrics.control_in.Add();
  if (!messages_.Take(1, now)) {
    return Refuse(
        {std::nullopt, static_cast<int>(SignalingError::kTooManyMessages),
         fmt::format("more than {} messages a second", context_.limits.max_messages_per_second)},
        /*fault=*/true);
  }
  const auto request = ParseRequest(message);
  if (!request) {
    Refuse(request.error(), IsFault(request.error().code));
    if (request.error().code == static_cast<int>(SignalingError::kFrameTooLarge)) {
      Close(CloseCode::kTooBig, "a message was too large");
    } else if (room_ == nullptr && !IsFault(request.error().code)) {
      Close(CloseCode::kJoinRefused, "join was refused");
    }
    return;
  }
  const auto answer =
      std::visit([&](const auto& body) { return Handle(request->id, body); }, request->body);
  if (answer) {
    if (!answer->empty()) Send(*answer);
  } else {
    Refusal refusal = answer.error();
    refusal.id = request->id;
    Refuse(refusal, IsFault(refusal.code));
  }
  if (std::holds_alternative<LeaveRequest>(request->body) && answer) {
    Close(CloseCode::kNormal, "left");
  } else if (std::holds_alternative<JoinRequest>(request->body) && room_ == nullptr) {
    Close(CloseCode::kJoinRefused, "join was refused");
  }
}

void Session::OnMedia(ByteSpan packet) {
  if (closing_) return;
  const Timestamp now = last_heard_ = Now();
  if (packet.size() > rtp::kMaxReceivedPacketSize) {
    Refuse({std::nullopt, static_cast<int>(SignalingError::kFrameTooLarge),
            fmt::format("a media packet has {} bytes, more than {}", packet.size(),
                        rtp::kMaxReceivedPacketSize)},
           /*fault=*/true);
    return Close(CloseCode::kTooBig, "a media packet was too large");
  }
  if (room_ == nullptr) {
    return Refuse({std::nullopt, static_cast<int>(SignalingError::kNotInRoom), "media before join"},
                  /*fault=*/true);
  }
  if (!media_.OnPacket(packet, now)) {
    Refuse({std::nullopt, static_cast<int>(SignalingError::kMalformed),
            "a binary frame is neither RTP nor RTCP"},
           /*fault=*/true);
  }
}

bool Session::NextFrame(net::OutgoingFrame& frame) { return media_.NextFrame(frame, Now()); }

void Session::OnClosed(const net::ConnectionEnd& end) {
  LeaveRoom(end.clean ? LeaveReason::kLeft : LeaveReason::kTimedOut);
  context_.log.info("session={} event=closed reason=\"{}\"", session_id_, end.reason);
  closing_ = true;
}

void Session::Notify(const SharedText& message) {
  if (closing_) return;
  if (media_.SendControl(message, Now())) return;
  context_.metrics.slow_readers.Add();
  Close(CloseCode::kSlowReader, "too many control messages wait to be read");
}

void Session::Send(std::string message) {
  Notify(std::make_shared<const std::string>(std::move(message)));
}

void Session::Refuse(const Refusal& refusal, bool fault) {
  context_.metrics.control_refused.Add();
  context_.log.debug("session={} event=refused code={} message={:?}", session_id_, refusal.code,
                     refusal.message);
  Send(ErrorMessage(refusal));
  if (fault && !faults_.Take(1, Now())) {
    Close(CloseCode::kMisbehaved, "too many malformed or refused messages");
  }
}

void Session::Evict(std::string_view reason) {
  LeaveRoom(LeaveReason::kKicked);
  context_.metrics.kicks.Add();
  Send(Kicked(reason));
  Close(CloseCode::kReplaced, "the same user entered again");
}

void Session::Shutdown() {
  Send(Closing("the gateway is shutting down", /*reconnect=*/true));
  LeaveRoom(LeaveReason::kLeft);
  Close(CloseCode::kGoingAway, "the gateway is shutting down");
}

void Session::Tick(Timestamp now) {
  if (closing_) return;
  media_.Tick(now);
  if (media_.stalled(now)) {
    context_.metrics.slow_readers.Add();
    return Close(CloseCode::kSlowReader, "nothing was read for too long");
  }
  if (room_ == nullptr && now - opened_ > context_.limits.join_timeout) {
    Send(ErrorMessage({std::nullopt, static_cast<int>(SignalingError::kNoJoin),
                       "no join within the time allowed"}));
    return Close(CloseCode::kNoJoin, "no join in time");
  }
  if (room_ != nullptr && now - last_heard_ > context_.limits.idle_timeout) {
    LeaveRoom(LeaveReason::kTimedOut);
    Close(CloseCode::kIdle, "nothing was heard for too long");
  }
}

void Session::LeaveRoom(LeaveReason reason) {
  if (room_ == nullptr) return;
  media_.Clear();
  Room& room = *std::exchange(room_, nullptr);
  context_.log.info("session={} event=left room={} user={:?} reason={}", session_id_,
                    ToString(room.key()), user_id_, static_cast<int>(reason));
  context_.rooms.Leave(*this, room, user_id_, reason);
  context_.metrics.participants.Add(-1);
}

// A session that is cut off stays in its room until OnClosed follows: Close is also reached from
// within the room's own notifications.
void Session::Close(CloseCode code, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  context_.log.info("session={} event=closing code={} reason=\"{}\"", session_id_,
                    static_cast<int>(code), reason);
  media_.StopMedia();
  connection_.Close(static_cast<uint16_t>(code), reason);
}

std::expected<void, Refusal> Session::Authenticate(const JoinRequest& join) const {
  const auto secret = context_.apps.Secret(join.sdk_app_id);
  if (join.user_sig.empty()) {
    return std::unexpected(
        Refusal{std::nullopt, static_cast<int>(UserSigError::kEmpty), "userSig is empty"});
  }
  if (!secret) {
    return std::unexpected(Refusal{std::nullopt, static_cast<int>(UserSigError::kUnknownApp),
                                   fmt::format("sdkAppId {} is not known here", join.sdk_app_id)});
  }
  const auto verified =
      VerifyUserSig(join.user_sig, join.sdk_app_id, join.user_id, *secret,
                    context_.clock.UnixMs() / 1000, context_.limits.usersig_expiry_skew_s);
  if (!verified) {
    return std::unexpected(
        Refusal{std::nullopt, static_cast<int>(verified.error().code), verified.error().message});
  }
  return {};
}

Session::Answer Session::Handle(int64_t id, const JoinRequest& join) {
  if (room_ != nullptr) {
    return Refusing(SignalingError::kAlreadyInRoom, "already in a room: leave it first");
  }
  std::expected<void, Refusal> allowed = Authenticate(join);
  if (context_.draining) {
    allowed = Refusing(SignalingError::kShuttingDown, "the gateway is shutting down");
  }
  auto entry = allowed
                   ? context_.rooms.Enter(*this, join)
                   : std::expected<RoomRegistry::Entry, Refusal>(std::unexpected(allowed.error()));
  if (!entry) {
    context_.metrics.joins_refused.Add();
    context_.log.info("session={} event=refused room={}/{} user={:?} code={}", session_id_,
                      join.sdk_app_id, ToString(join.room), join.user_id, entry.error().code);
    return std::unexpected(entry.error());
  }
  room_ = entry->room;
  user_id_ = join.user_id;
  context_.metrics.joins.Add();
  context_.metrics.participants.Add(1);
  // {:?} quotes and escapes: a client's words could forge fields otherwise.
  context_.log.info("session={} event=joined room={} user={:?} client={:?} users={}", session_id_,
                    ToString(room_->key()), user_id_, join.client, room_->size());
  return JoinedAnswer(id, session_id_, context_.clock.UnixMs(), {}, connection_.transport(),
                      entry->users);
}

Session::Answer Session::Handle(int64_t, const ResumeRequest&) {
  return Refusing(SignalingError::kCannotResume, "resume: no such session; join again");
}

Session::Answer Session::Handle(int64_t id, const UpdateSubscriptionRequest&) {
  return OkAnswer(id);
}

Session::Answer Session::Handle(int64_t, const AckRequest&) { return std::string(); }

Session::Answer Session::Handle(int64_t id, const LeaveRequest&) {
  if (room_ == nullptr) return kNotInRoom;
  LeaveRoom(LeaveReason::kLeft);
  return OkAnswer(id);
}

Session::Answer Session::Handle(int64_t id, const PublishRequest& publish) {
  if (room_ == nullptr) return kNotInRoom;
  Publication publication{.key = context_.next_stream++, .encodings = {{.ssrc = next_ssrc_++}}};
  const auto stream = room_->Publish(*this, publish, publication.key, publication.encodings);
  if (!stream) return std::unexpected(stream.error());
  publication.info = *stream;
  media_.Publish(publication);
  const std::string& stream_id = stream->stream_id;
  context_.log.info("session={} event=published room={} user={:?} stream={} codec={}", session_id_,
                    ToString(room_->key()), user_id_, stream_id, PayloadType(publish.codec));
  return PublishedAnswer(id, publication);
}

Session::Answer Session::Handle(int64_t id, const UpdateStreamRequest& update) {
  if (room_ == nullptr) return kNotInRoom;
  const auto done = room_->SetMuted(*this, update.stream_id, update.muted);
  if (!done) return std::unexpected(done.error());
  return OkAnswer(id);
}

Session::Answer Session::Handle(int64_t id, const UnpublishRequest& unpublish) {
  if (room_ == nullptr) return kNotInRoom;
  const auto key = room_->Unpublish(*this, unpublish.stream_id);
  if (!key) return std::unexpected(key.error());
  media_.Unpublish(*key);
  context_.log.info("session={} event=unpublished room={} user={:?} stream={}", session_id_,
                    ToString(room_->key()), user_id_, unpublish.stream_id);
  return OkAnswer(id);
}

Session::Answer Session::Handle(int64_t id, const SubscribeRequest& subscribe) {
  if (room_ == nullptr) return kNotInRoom;
  const auto stream = room_->Find(*this, subscribe.stream_id);
  if (!stream) return std::unexpected(stream.error());
  const Publication& publication = **stream;
  const SubscriptionRequest request{.key = publication.key,
                                    .info = publication.info,
                                    .ssrc = next_ssrc_++,
                                    .encodings = publication.encodings};
  if (!media_.Subscribe(request, Now())) {
    return Refusing(SignalingError::kTooManyStreams,
                    fmt::format("subscribe: {} subscriptions are the limit",
                                context_.limits.media.max_subscriptions));
  }
  return SubscribedAnswer(id, *media_.SubscribedSsrc(publication.key), publication.info.codec);
}

Session::Answer Session::Handle(int64_t id, const UnsubscribeRequest& unsubscribe) {
  if (room_ == nullptr) return kNotInRoom;
  const auto stream = room_->Find(*this, unsubscribe.stream_id);
  if (!stream || !media_.SubscribedSsrc((*stream)->key)) {
    return Refusing(SignalingError::kNoSuchStream, "unsubscribe: not subscribed to this stream");
  }
  media_.Unsubscribe((*stream)->key);
  return OkAnswer(id);
}

Session::Answer Session::Handle(int64_t id, const PingRequest& ping) {
  return PongAnswer(id, ping.time_ms, context_.clock.UnixMs());
}

}  // namespace ferry::gateway
