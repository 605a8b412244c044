#include "gateway/session/ended_sessions.h"

#include <algorithm>
#include <utility>

namespace ferry::gateway {

void EndedSessions::Add(std::string session_id, const Ended& ended,
                        std::vector<ResumeTokenHash> tokens, Timestamp now) {
  Expire(now);
  if (sessions_.size() >= kMaxSessions) Forget(sessions_.begin());
  if (const auto found = by_user_.find(ended.user);
      found != by_user_.end() && found->second.size() >= kMaxSessionsOfUser) {
    Forget(found->second.front());
  }
  sessions_.push_back({std::move(session_id), ended, std::move(tokens), now + kMemory});
  const auto added = std::prev(sessions_.end());
  by_id_[added->session_id] = added;
  by_user_[ended.user].push_back(added);
}

std::optional<EndedSessions::Ended> EndedSessions::Find(std::string_view session_id,
                                                        const ResumeTokenHash& token,
                                                        Timestamp now) {
  Expire(now);
  const auto found = by_id_.find(session_id);
  if (found == by_id_.end()) return std::nullopt;
  const bool its = std::ranges::any_of(
      found->second->tokens, [&](const ResumeTokenHash& known) { return SameToken(token, known); });
  return its ? std::optional(found->second->ended) : std::nullopt;
}

void EndedSessions::Expire(Timestamp now) {
  while (!sessions_.empty() && sessions_.front().until <= now) Forget(sessions_.begin());
}

void EndedSessions::Forget(Sessions::iterator session) {
  by_id_.erase(session->session_id);
  const auto user = by_user_.find(session->ended.user);
  user->second.remove(session);
  if (user->second.empty()) by_user_.erase(user);
  sessions_.erase(session);
}

}  // namespace ferry::gateway
