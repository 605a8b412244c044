#include "gateway/session/departed_budgets.h"

#include <iterator>

namespace ferry::gateway {

void DepartedBudgets::Keep(const UserKey& user, const ControlBudget& budget) {
  const std::lock_guard lock(mutex_);
  if (const auto found = by_user_.find(user); found != by_user_.end()) Forget(found->second);
  if (departed_.size() >= kMaxUsers) Forget(departed_.begin());
  departed_.emplace_back(user, budget);
  by_user_[user] = std::prev(departed_.end());
}

std::optional<ControlBudget> DepartedBudgets::Take(const UserKey& user, Timestamp now) {
  const std::lock_guard lock(mutex_);
  while (!departed_.empty() && departed_.front().second.Full(now)) Forget(departed_.begin());
  const auto found = by_user_.find(user);
  if (found == by_user_.end()) return std::nullopt;
  const ControlBudget budget = found->second->second;
  Forget(found->second);
  return budget;
}

size_t DepartedBudgets::size() const {
  const std::lock_guard lock(mutex_);
  return departed_.size();
}

void DepartedBudgets::Forget(Departed::iterator departed) {
  by_user_.erase(departed->first);
  departed_.erase(departed);
}

}  // namespace ferry::gateway
