#include "gateway/session/session.h"

#include <algorithm>
#include <utility>

#include "gateway/session/control_shard.h"

namespace ferry::gateway {

Session::Session(ControlShard& shard, std::string id, RoomKey room, std::string user_id,
                 const ControlBudget& budget, uint32_t first_ssrc)
    : shard_(shard),
      id_(std::move(id)),
      room_key_(std::move(room)),
      user_id_(std::move(user_id)),
      budget_(budget),
      log_(shard.limits().log),
      next_ssrc_(first_ssrc) {}

bool Session::Accept(int64_t request_id) {
  if (request_id <= last_request_) return false;
  last_request_ = request_id;
  return true;
}

Participant::Home Session::home() const { return {shard_.limits().node, media_worker_}; }

void Session::Send(ControlMessage message) {
  if (ending_ || ending_soon_) return;
  if (!log_.Push(std::move(message))) return GiveUp();
  OnMoreToSend();
}

void Session::GiveUp() {
  if (ending_ || ending_soon_) return;
  ending_soon_ = true;
  shard_.OnLogOverflow(*this);
}

bool Session::OnPresence(const SharedRoomEvent& event) {
  if (ending_ || ending_soon_) return false;
  if (log_.half_full()) {
    behind_ = true;
    OnMoreToSend();
    return false;
  }
  Send(event);
  return true;
}

void Session::OnStreamEnded(StreamId stream) {
  if (subscribed_.erase(stream) == 0) return;
  ended_streams_.push_back(stream);
  shard_.Post(*this, media_worker_);
}

void Session::EndSubscription(StreamId stream) {
  subscribed_.erase(stream);
  log_.ForgetSubscription(stream);
}

void Session::OnEvicted(EvictReason reason) {
  room_ = nullptr;
  Send(Kicked(reason == EvictReason::kReplaced ? "kick" : "room_disband"));
  shard_.OnEvicted(*this, reason);
}

std::vector<UserInfo> Session::Present() {
  AnswerSpace space;
  auto users = room_->Introduce(*this, [&space](const UserInfo& user) { return space.Take(user); });
  behind_ = !room_->up_to_date(*this);
  return users;
}

void Session::CatchUp() {
  room_->CatchUp(*this, kCaughtUpUsers);
  behind_ = !room_->up_to_date(*this);
}

// Who may be sent nothing before it acknowledges is looked at then.
void Session::OnMoreToSend() {
  if (place_ && !log_.window_full()) shard_.Post(*this, place_->worker);
}

std::vector<ControlLog::Entry> Session::FetchLog(bool all) {
  std::vector<ControlLog::Entry> entries;
  while (all || !log_.window_full()) {
    if (!all && !log_.waiting() && behind()) CatchUp();
    auto entry = log_.Next();
    if (!entry) break;
    entries.push_back(std::move(*entry));
  }
  return entries;
}

bool Session::Acknowledge(uint64_t seq) { return log_.Acknowledge(seq); }

std::vector<ResumeTokenHash> Session::tokens() const {
  std::vector<ResumeTokenHash> tokens{token_};
  if (former_token_) tokens.push_back(*former_token_);
  return tokens;
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
