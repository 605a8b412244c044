#include "gateway/session/control_plane.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cassert>
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

}  // namespace

ControlPlane::ControlPlane(const RoomRegistry::Limits& rooms, const SessionLimits& limits,
                           spdlog::logger& log, uint64_t seed)
    : limits_(limits), log_(log), rooms_(rooms), random_(seed) {}

unsigned ControlPlane::AddWorker(std::function<void()> wake) {
  assert(mail_.size() < kMaxWorkers);
  mail_.push_back({std::move(wake), {}, false});
  return static_cast<unsigned>(mail_.size() - 1);
}

ControlPlane::Guard::~Guard() {
  control_.Settle();
  control_.UpdateGauges();
  uint64_t wake = 0;
  for (size_t i = 0; i < control_.mail_.size(); ++i) {
    Mailbox& mail = control_.mail_[i];
    if (!mail.sessions.empty() && !std::exchange(mail.woken, true)) wake |= uint64_t{1} << i;
  }
  const auto events = std::exchange(control_.events_, {});
  lock_.unlock();
  for (const std::string& event : events) control_.log_.info("{}", event);
  for (size_t i = 0; i < control_.mail_.size(); ++i) {
    if (wake >> i & 1) control_.mail_[i].wake();
  }
}

// Whoever ends tells others, whose logs may overflow in turn.
void ControlPlane::Settle() {
  while (!overflowed_.empty()) {
    const auto session = std::move(overflowed_.back());
    overflowed_.pop_back();
    metrics_.control_log_overflows.Add();
    End(*session, LeaveReason::kTimedOut, CloseCode::kSlowReader,
        "too many control messages wait to be acknowledged");
  }
}

void ControlPlane::Post(Session& session, unsigned worker) {
  const uint64_t bit = uint64_t{1} << worker;
  if (session.posted_ & bit) return;
  session.posted_ |= bit;
  mail_[worker].sessions.push_back(session.shared_from_this());
}

void ControlPlane::PostEverywhere(Session& session) {
  Post(session, session.media_worker_);
  if (session.place_) Post(session, session.place_->worker);
  for (const auto& place : session.moved_) Post(session, place.worker);
}

std::vector<std::shared_ptr<Session>> ControlPlane::TakeMail(unsigned worker) {
  Mailbox& mail = mail_[worker];
  mail.woken = false;
  for (const auto& session : mail.sessions) session->posted_ &= ~(uint64_t{1} << worker);
  return std::exchange(mail.sessions, {});
}

std::expected<ControlPlane::Joined, Refusal> ControlPlane::Join(const Entrant& entrant,
                                                                Timestamp now) {
  const JoinRequest& join = entrant.join;
  if (draining_) return Refuse(SignalingError::kShuttingDown, "join: the gateway is shutting down");
  std::string id = fmt::format("{:016x}", random_());
  auto token = MakeResumeToken(limits_.node, id);
  if (!token) return Refuse(SignalingError::kGatewayFull, "join: there is no randomness to be had");
  const auto session = std::make_shared<Session>(*this, id, join.user_id, entrant.budget,
                                                 static_cast<uint32_t>(random_() | 1));
  const auto room = rooms_.Enter(*session, {join.sdk_app_id, join.room}, join.scene,
                                 {.user_id = join.user_id,
                                  .role = join.role,
                                  .terminal = TerminalTypeOf(join.client),
                                  .permissions = entrant.permissions});
  if (!room) return std::unexpected(room.error());
  if (const auto former = std::exchange(replaced_by_join_, nullptr)) {
    session->budget_ = former->budget_;
    replaced_.Add(former->id_, {join.sdk_app_id, join.user_id}, former->tokens(), now);
  }
  session->room_ = *room;
  session->token_ = token->hash;
  session->place_ = entrant.place;
  session->media_worker_ = entrant.place.worker;
  session->Accept(entrant.request_id);
  sessions_.emplace(std::move(id), session);
  return Joined{session, std::move(token->text), session->Present()};
}

std::expected<ControlPlane::Resumed, Refusal> ControlPlane::Resume(const ResumeRequest& resume,
                                                                   const Session::Place& place,
                                                                   Timestamp now) {
  const ResumeTokenName name = NameOf(resume.token);
  if (name.node && *name.node != limits_.node) {
    return Refuse(SignalingError::kCannotResume,
                  fmt::format("resume: this session is on node {}, and this is node {}; join again",
                              *name.node, limits_.node));
  }
  const ResumeTokenHash shown = HashResumeToken(resume.token);
  const auto found = sessions_.find(name.session);
  // A session that does not exist takes as long to refuse as a wrong token.
  static const ResumeTokenHash kNobodys{};
  const bool admitted =
      found == sessions_.end() ? SameToken(shown, kNobodys) : found->second->Admits(shown);
  auto next = MakeResumeToken(limits_.node, name.session);
  if (!admitted && replaced_.Admits(name.session, shown, now)) {
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

void ControlPlane::Detach(Session& session, Timestamp now) {
  const AddressKey address = session.place_->address;
  session.place_.reset();
  if (session.ending_) return;
  session.grace_ = GraceList::Ticket{now + limits_.resume_timeout, address};
  grace_.Add(session, *session.grace_);
  // Who was not back at once is the least likely to come back.
  if (grace_.size_of(address) > limits_.max_sessions_in_grace_per_address) {
    CutGrace(grace_.OldestOf(address), metrics_.grace_cut_address);
  }
  if (grace_.size() > limits_.max_sessions_in_grace) {
    CutGrace(grace_.Oldest(), metrics_.grace_cut_full);
  }
}

void ControlPlane::LeaveGrace(Session& session) {
  if (!session.grace_) return;
  grace_.Remove(session, *session.grace_);
  session.grace_.reset();
}

void ControlPlane::CutGrace(Session& session, Count& count) {
  count.Add();
  End(session, LeaveReason::kTimedOut, CloseCode::kGoingAway,
      "too many sessions without a connection");
}

void ControlPlane::End(Session& session, LeaveReason reason, CloseCode code, std::string_view why) {
  if (session.ending_) return;
  session.ending_ = Session::Ending{code, std::string(why)};
  const auto keep = session.shared_from_this();
  LeaveGrace(session);
  sessions_.erase(session.id_);
  Room& room = *std::exchange(session.room_, nullptr);
  events_.push_back(fmt::format("session={} event=ended room={} user={:?} reason={} why=\"{}\"",
                                session.id_, ToString(room.key()), session.user_id_,
                                static_cast<int>(reason), why));
  rooms_.Leave(session, room, session.user_id_, reason);
  PostEverywhere(session);
}

void ControlPlane::ExpireGrace(Timestamp now) {
  const std::vector<Session*> due = grace_.Due(now);
  // A crowd that was lost at once ends at once: before the first of it, so that none is told of the
  // others any more.
  for (Session* session : due) session->ending_soon_ = true;
  for (Session* session : due) {
    metrics_.sessions_expired.Add();
    End(*session, LeaveReason::kTimedOut, CloseCode::kGoingAway, "not resumed in time");
  }
}

void ControlPlane::BeginDrain() {
  draining_ = true;
  const auto closing = std::make_shared<const std::string>(Closing("draining", true));
  for (const auto& [id, session] : sessions_) session->Send(closing);
}

void ControlPlane::UpdateGauges() {
  Set(metrics_.rooms, rooms_.room_count());
  Set(metrics_.participants, rooms_.user_count());
  Set(metrics_.sessions, sessions_.size());
  Set(metrics_.sessions_in_grace, grace_.size());
}

}  // namespace ferry::gateway
