// The sessions without a connection: which of them ends next, in all and of each address.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "core/base/units.h"
#include "gateway/net/address_key.h"

namespace ferry::gateway {

class Session;

class GraceList {
 public:
  // Until when a session is waited for, and the address of the connection that it lost.
  struct Ticket {
    Timestamp deadline;
    AddressKey address;
  };

  void Add(Session& session, const Ticket& ticket);
  // With the ticket it was added with.
  void Remove(Session& session, const Ticket& ticket);

  size_t size() const { return all_.size(); }
  size_t size_of(const AddressKey& address) const;
  // Those who have been waited for long enough, the longest first.
  std::vector<Session*> Due(Timestamp now) const;
  // Who has been away longest; there must be one.
  Session& Oldest() const { return *all_.begin()->second; }
  Session& OldestOf(const AddressKey& address) const;

 private:
  using ByDeadline = std::set<std::pair<Timestamp, Session*>>;
  ByDeadline all_;
  std::map<AddressKey, ByDeadline> by_address_;  // none of them empty
};

}  // namespace ferry::gateway
