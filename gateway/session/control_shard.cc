#include "gateway/session/control_shard.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace ferry::gateway {
namespace {

std::unexpected<Refusal> Refuse(SignalingError code, std::string message) {
  return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
}

// By the name it gives itself.
TerminalType TerminalTypeOf(std::string_view client) {
  if (client.starts_with("ferry-rtc")) return TerminalType::kBrowser;
  if (client.starts_with("ferry-cli")) return TerminalType::kNative;
  return TerminalType::kOther;
}

void Set(Count& gauge, size_t value) { gauge.Add(static_cast<int64_t>(value) - gauge.value()); }

constexpr const char* kCutReason = "too many sessions without a connection";

}  // namespace

ControlShard::Guard::~Guard() {
  shard_.Settle();
  shard_.UpdateGauges();
  WorkerMail& mail = shard_.common_.mail;
  spdlog::logger& log = shard_.common_.log;
  const uint64_t posted = std::exchange(shard_.posted_, 0);
  const auto events = std::exchange(shard_.events_, {});
  const auto cut = std::exchange(shard_.cut_, {});
  shard_.evicted_.reset();
  lock_.unlock();
  for (const std::string& event : events) log.info("{}", event);
  for (unsigned worker = 0; worker < WorkerMail::kMaxWorkers; ++worker) {
    if (posted >> worker & 1) mail.Wake(worker);
  }
  for (const auto& session : cut) {
    const Guard guard(session->shard());
    // It may be back by now.
    if (session->grace_) {
      session->shard().End(*session, LeaveReason::kTimedOut, CloseCode::kGoingAway, kCutReason);
    }
  }
}

// Whoever ends tells others, whose logs may overflow in turn.
void ControlShard::Settle() {
  while (!overflowed_.empty()) {
    const auto session = std::move(overflowed_.back());
    overflowed_.pop_back();
    metrics_.control_log_overflows.Add();
    End(*session, LeaveReason::kTimedOut, CloseCode::kSlowReader,
        "too many control messages wait to be acknowledged");
  }
}

void ControlShard::UpdateGauges() {
  Set(metrics_.rooms, common_.rooms.rooms_of(index_));
  Set(metrics_.participants, common_.rooms.users_of(index_));
  Set(metrics_.sessions, sessions_.size());
  Set(metrics_.sessions_in_grace, in_grace_);
}

void ControlShard::Post(Session& session, unsigned worker) {
  common_.mail.Post(session.shared_from_this(), worker);
  posted_ |= uint64_t{1} << worker;
}

void ControlShard::PostEverywhere(Session& session) {
  Post(session, session.media_worker_);
  if (session.place_) Post(session, session.place_->worker);
  for (const auto& place : session.moved_) Post(session, place.worker);
}

// Its last digit names the shard (ControlPlane::ShardOfSession).
std::string ControlShard::NewSessionId() {
  return fmt::format("{:015x}{:x}", random_() >> 4, index_);
}

std::expected<ControlShard::Joined, Refusal> ControlShard::Join(
    const Entrant& entrant, const std::optional<RoomRegistry::Place>& former,
    ControlShard* former_shard, Timestamp now) {
  const JoinRequest& join = entrant.join;
  if (common_.draining) {
    return Refuse(SignalingError::kShuttingDown, "join: the gateway is shutting down");
  }
  std::string id = NewSessionId();
  auto token = MakeResumeToken(limits().node, id);
  if (!token) return Refuse(SignalingError::kGatewayFull, "join: there is no randomness to be had");
  const RoomKey key{join.sdk_app_id, join.room};
  const auto session = std::make_shared<Session>(*this, id, key, join.user_id, entrant.budget,
                                                 static_cast<uint32_t>(random_() | 1));
  const auto room = common_.rooms.Enter(*session, key, join.scene,
                                        {.user_id = join.user_id,
                                         .role = join.role,
                                         .terminal = TerminalTypeOf(join.client),
                                         .permissions = entrant.permissions},
                                        former, entrant.quota);
  if (!room) return std::unexpected(room.error());
  if (*room == nullptr) return Joined{};
  if (const auto evicted = former_shard ? former_shard->evicted_ : nullptr) {
    former_shard->ended_.Add(evicted->id_, {evicted->user_key(), EndedSessions::How::kReplaced},
                             evicted->tokens(), now);
  }
  session->room_ = *room;
  session->lease_ = entrant.lease;
  // Whom he replaces has left by now, too.
  if (const auto left = common_.departed.Take(session->user_key(), now)) session->budget_ = *left;
  session->token_ = token->hash;
  session->place_ = entrant.place;
  session->media_worker_ = entrant.place.worker;
  session->Accept(entrant.request_id);
  sessions_.emplace(std::move(id), session);
  return Joined{session, std::move(token->text), session->Present()};
}

std::expected<ControlShard::Resumed, Refusal> ControlShard::Resume(const ResumeRequest& resume,
                                                                   const Session::Place& place,
                                                                   Timestamp now) {
  const std::string_view id = NameOf(resume.token).session;
  const ResumeTokenHash shown = HashResumeToken(resume.token);
  const auto found = sessions_.find(id);
  // A session that does not exist takes as long to refuse as a wrong token.
  static const ResumeTokenHash kNobodys{};
  const bool admitted =
      found == sessions_.end() ? SameToken(shown, kNobodys) : found->second->Admits(shown);
  auto next = MakeResumeToken(limits().node, id);
  const auto ended = admitted ? std::nullopt : ended_.Find(id, shown, now);
  // Whose time was up may have entered elsewhere since.
  if (ended && (ended->how == EndedSessions::How::kReplaced || common_.rooms.Find(ended->user))) {
    return Refuse(SignalingError::kReplaced,
                  "resume: the same user has entered again since, and this session has ended");
  }
  if (!admitted || found == sessions_.end() || !next) {
    return Refuse(SignalingError::kCannotResume,
                  "resume: there is no session with this token, or no more; join again");
  }
  Session& session = *found->second;
  if (!session.log_.Rewind(resume.ack)) {
    return Refuse(SignalingError::kCannotResume,
                  "resume: ack is beyond what was ever sent; join again");
  }
  session.former_token_ = shown;
  session.token_ = next->hash;
  LeaveGrace(session);
  if (session.place_) {
    session.moved_.push_back(*session.place_);
    metrics_.sessions_moved.Add();
  }
  session.place_ = place;
  metrics_.sessions_resumed.Add();
  PostEverywhere(session);
  return Resumed{found->second, std::move(next->text)};
}

void ControlShard::Detach(Session& session, Timestamp now) {
  now_ = now;
  const AddressKey address = session.place_->address;
  session.place_.reset();
  if (session.ending_) return;
  session.grace_ = GraceList::Ticket{now + limits().resume_timeout, address};
  ++in_grace_;
  common_.grace.Add(session.shared_from_this(), *session.grace_);
  // Who was not back at once is the least likely to come back.
  CutGrace(common_.grace.TakeExcessOf(address, limits().max_sessions_in_grace_per_address),
           metrics_.grace_cut_address);
  CutGrace(common_.grace.TakeExcess(limits().max_sessions_in_grace), metrics_.grace_cut_full);
}

void ControlShard::LeaveGrace(Session& session) {
  if (!session.grace_) return;
  common_.grace.Remove(session.shared_from_this(), *session.grace_);
  session.grace_.reset();
  --in_grace_;
}

void ControlShard::CutGrace(std::shared_ptr<Session> session, Count& count) {
  if (!session) return;
  count.Add();
  if (&session->shard() == this) {
    End(*session, LeaveReason::kTimedOut, CloseCode::kGoingAway, kCutReason);
  } else {
    cut_.push_back(std::move(session));
  }
}

void ControlShard::End(Session& session, LeaveReason reason, CloseCode code, std::string_view why) {
  if (session.ending_) return;
  const auto keep = session.shared_from_this();
  Room& room = *std::exchange(session.room_, nullptr);
  // Before the room tells anybody: nothing more is to be told to this one.
  Finish(session, reason, code, why);
  common_.rooms.Leave(session, room, session.user_id_, reason);
}

void ControlShard::Finish(Session& session, LeaveReason reason, CloseCode code,
                          std::string_view why) {
  session.ending_ = Session::Ending{code, std::string(why)};
  LeaveGrace(session);
  sessions_.erase(session.id_);
  if (reason == LeaveReason::kTimedOut) {
    ended_.Add(session.id_, {session.user_key(), EndedSessions::How::kTimedOut}, session.tokens(),
               now_);
  }
  common_.departed.Keep(session.user_key(), session.budget_);
  session.lease_.reset();
  events_.push_back(fmt::format("session={} event=ended room={} user={:?} reason={} why=\"{}\"",
                                session.id_, ToString(session.room_key_), session.user_id_,
                                static_cast<int>(reason), why));
  PostEverywhere(session);
}

void ControlShard::Expire(const std::vector<std::shared_ptr<Session>>& sessions, Timestamp now) {
  now_ = now;
  const auto due = [&](const Session& session) {
    return session.grace_ && session.grace_->deadline <= now;
  };
  // A crowd that was lost at once ends at once: before the first of it, so that none is told of the
  // others any more.
  for (const auto& session : sessions) {
    if (due(*session)) session->ending_soon_ = true;
  }
  for (const auto& session : sessions) {
    if (!due(*session)) continue;
    metrics_.sessions_expired.Add();
    End(*session, LeaveReason::kTimedOut, CloseCode::kGoingAway, "not resumed in time");
  }
}

void ControlShard::SendToAll(const SharedText& text) {
  for (const auto& [id, session] : sessions_) session->Send(text);
}

void ControlShard::OnEvicted(Session& session, EvictReason reason) {
  metrics_.kicks.Add();
  const auto keep = session.shared_from_this();
  const bool replaced = reason == EvictReason::kReplaced;
  if (replaced) evicted_ = keep;
  Finish(session, LeaveReason::kKicked, CloseCode::kReplaced,
         replaced ? "the same user entered again" : "the room has ended");
}

}  // namespace ferry::gateway
