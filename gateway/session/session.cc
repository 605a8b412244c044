#include "gateway/session/session.h"

#include <algorithm>
#include <utility>

#include "gateway/session/control_plane.h"

namespace ferry::gateway {

Session::Session(ControlPlane& control, std::string id, std::string user_id,
                 const ControlLog::Limits& limits, uint32_t first_ssrc)
    : control_(control),
      id_(std::move(id)),
      user_id_(std::move(user_id)),
      log_(limits),
      next_ssrc_(first_ssrc) {}

bool Session::Accept(int64_t request_id) {
  if (request_id <= last_request_) return false;
  last_request_ = request_id;
  return true;
}

void Session::Notify(const SharedText& message) {
  if (ending_ || ending_soon_) return;
  if (!log_.Push(message)) return GiveUp();
  OnMoreToSend();
}

void Session::GiveUp() {
  if (ending_ || ending_soon_) return;
  ending_soon_ = true;
  control_.OnLogOverflow(*this);
}

bool Session::Announce(const SharedText& message) {
  if (ending_ || ending_soon_) return false;
  if (log_.half_full()) {
    behind_ = true;
    OnMoreToSend();
    return false;
  }
  Notify(message);
  return true;
}

void Session::OnStreamRemoved(StreamId key) {
  if (subscriptions_.erase(key) == 0) return;
  ended_streams_.push_back(key);
  control_.Post(*this, media_worker_);
}

void Session::Evict(std::string_view reason) {
  Send(Kicked(reason));
  control_.CountKick();
  control_.End(*this, LeaveReason::kKicked, CloseCode::kReplaced, "the same user entered again");
}

std::vector<UserInfo> Session::Present() {
  AnswerSpace space;
  auto users = room_->Introduce(*this, [&space](const UserInfo& user) { return space.Take(user); });
  behind_ = !room_->up_to_date(*this);
  UpdateLogState();
  return users;
}

void Session::CatchUp() {
  room_->CatchUp(*this, kCaughtUpUsers);
  behind_ = !room_->up_to_date(*this);
}

void Session::OnMoreToSend() {
  UpdateLogState();
  if (place_) control_.Post(*this, place_->worker);
}

void Session::UpdateLogState() {
  const bool more = log_.waiting() || behind();
  const LogState state = !more                ? LogState::kSent
                         : log_.window_full() ? LogState::kHeld
                                              : LogState::kWaiting;
  log_state_.store(state, std::memory_order_release);
}

std::vector<ControlLog::Entry> Session::FetchLog(size_t count, bool all) {
  std::vector<ControlLog::Entry> entries;
  while (entries.size() < count && (all || !log_.window_full())) {
    if (!all && !log_.waiting() && behind()) CatchUp();
    auto entry = log_.Next();
    if (!entry) break;
    entries.push_back(std::move(*entry));
  }
  UpdateLogState();
  return entries;
}

bool Session::Acknowledge(uint64_t seq) {
  if (!log_.Acknowledge(seq)) return false;
  UpdateLogState();
  return true;
}

bool Session::Admits(const ResumeTokenHash& token) const {
  const bool newest = SameToken(token, token_);
  const bool former = SameToken(token, former_token_.value_or(token_));
  return newest | former;
}

std::vector<SessionConnection*> Session::TakeMoved(unsigned worker) {
  std::vector<SessionConnection*> taken;
  std::erase_if(moved_, [&](const Place& place) {
    if (place.worker == worker) taken.push_back(place.connection);
    return place.worker == worker;
  });
  return taken;
}

void Session::Forget(const SessionConnection& connection) {
  std::erase_if(moved_, [&](const Place& place) { return place.connection == &connection; });
}

}  // namespace ferry::gateway
