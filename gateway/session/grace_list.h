// The sessions without a connection, of all shards: which of them ends next, in all and of each
// address. From any thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "core/base/units.h"
#include "gateway/net/address_key.h"

namespace ferry::gateway {

class Session;

class GraceList {
 public:
  using SessionPtr = std::shared_ptr<Session>;
  // Until when a session is waited for, and the address of the connection that it lost.
  struct Ticket {
    Timestamp deadline;
    AddressKey address;
  };

  void Add(SessionPtr session, const Ticket& ticket);
  // With the ticket it was added with; one that was taken already is not there.
  void Remove(const SessionPtr& session, const Ticket& ticket);

  // Those who have been waited for long enough, the longest first.
  std::vector<SessionPtr> Due(Timestamp now) const;
  // Takes out who has been away longest, in all or of an address, if there are more than `limit`.
  SessionPtr TakeExcess(size_t limit);
  SessionPtr TakeExcessOf(const AddressKey& address, size_t limit);

 private:
  using ByDeadline = std::set<std::pair<Timestamp, SessionPtr>>;

  void Erase(const ByDeadline::value_type& entry, const AddressKey& address);

  mutable std::mutex mutex_;
  ByDeadline all_;
  std::map<SessionPtr, AddressKey> addresses_;
  std::map<AddressKey, ByDeadline> by_address_;  // none of them empty
};

}  // namespace ferry::gateway
