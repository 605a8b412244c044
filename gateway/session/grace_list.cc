#include "gateway/session/grace_list.h"

namespace ferry::gateway {

void GraceList::Add(Session& session, const Ticket& ticket) {
  all_.insert({ticket.deadline, &session});
  by_address_[ticket.address].insert({ticket.deadline, &session});
}

void GraceList::Remove(Session& session, const Ticket& ticket) {
  all_.erase({ticket.deadline, &session});
  const auto found = by_address_.find(ticket.address);
  if (found == by_address_.end()) return;
  found->second.erase({ticket.deadline, &session});
  if (found->second.empty()) by_address_.erase(found);
}

std::vector<Session*> GraceList::Due(Timestamp now) const {
  std::vector<Session*> due;
  for (const auto& [deadline, session] : all_) {
    if (deadline > now) break;
    due.push_back(session);
  }
  return due;
}

size_t GraceList::size_of(const AddressKey& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? 0 : found->second.size();
}

Session& GraceList::OldestOf(const AddressKey& address) const {
  return *by_address_.at(address).begin()->second;
}

}  // namespace ferry::gateway
