#include "gateway/session/grace_list.h"

namespace ferry::gateway {

void GraceList::Add(SessionPtr session, const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  addresses_.emplace(session, ticket.address);
  all_.insert({ticket.deadline, session});
  by_address_[ticket.address].insert({ticket.deadline, std::move(session)});
}

void GraceList::Remove(const SessionPtr& session, const Ticket& ticket) {
  const std::lock_guard lock(mutex_);
  Erase({ticket.deadline, session}, ticket.address);
}

void GraceList::Erase(const ByDeadline::value_type& entry, const AddressKey& address) {
  if (all_.erase(entry) == 0) return;
  addresses_.erase(entry.second);
  const auto found = by_address_.find(address);
  found->second.erase(entry);
  if (found->second.empty()) by_address_.erase(found);
}

std::vector<GraceList::SessionPtr> GraceList::Due(Timestamp now) const {
  const std::lock_guard lock(mutex_);
  std::vector<SessionPtr> due;
  for (const auto& [deadline, session] : all_) {
    if (deadline > now) break;
    due.push_back(session);
  }
  return due;
}

GraceList::SessionPtr GraceList::TakeExcess(size_t limit) {
  const std::lock_guard lock(mutex_);
  if (all_.size() <= limit) return nullptr;
  const auto oldest = *all_.begin();
  Erase(oldest, AddressKey(addresses_.at(oldest.second)));
  return oldest.second;
}

GraceList::SessionPtr GraceList::TakeExcessOf(const AddressKey& address, size_t limit) {
  const std::lock_guard lock(mutex_);
  const auto found = by_address_.find(address);
  if (found == by_address_.end() || found->second.size() <= limit) return nullptr;
  const auto oldest = *found->second.begin();
  Erase(oldest, address);
  return oldest.second;
}

}  // namespace ferry::gateway
