// How many connections of one kind a worker has at a time: those in a handshake, those of HTTP. Who
// has shown nothing of himself yet can always be let go for another, so a newcomer is never
// refused: when every place is taken, the connection that has been idle for longest is closed, or
// when none is, the one that has been busy for longest. Among several groups (addresses) it is one
// of the largest: who brings a crowd pays for it.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>

#include "gateway/base/metrics.h"
#include "gateway/net/address_key.h"
#include "gateway/net/asio.h"

namespace ferry::gateway {

// Whether accepting failed for want of what a connection that is closed gives back.
bool IsShortage(const error_code& accept_error);

class ConnectionBudget {
 public:
  // `open` counts the places taken, `cut` those that were taken back.
  ConnectionBudget(size_t max, Count& open, Count& cut);
  ConnectionBudget(const ConnectionBudget&) = delete;
  ConnectionBudget& operator=(const ConnectionBudget&) = delete;

  // A connection's, as long as it lives or until the budget closes it. Begins idle.
  class Place {
   public:
    // `close` closes the connection, soon or at once; not called after the place is gone.
    Place(ConnectionBudget& budget, std::function<void()> close, const AddressKey& group = {});
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    void Busy() { Move(budget_.busy_); }
    void Idle() { Move(budget_.idle_); }

   private:
    friend class ConnectionBudget;
    void Move(std::list<Place*>& where);
    void Close();

    ConnectionBudget& budget_;
    const std::function<void()> close_;
    const AddressKey group_;
    std::list<Place*>* list_;  // null: closed
    std::list<Place*>::iterator position_;
  };

  // One worker's part of a limit of all.
  static constexpr size_t Share(size_t limit, size_t workers) {
    return (limit + workers - 1) / workers;
  }

  // Closes the one whose turn it is; false: there is none.
  bool CutOldest();
  void CloseAll();

 private:
  size_t LargestGroup() const;
  void Forget(const Place& place);

  const size_t max_;
  Count& open_;
  Count& cut_;
  // In the order of their turn: longest first.
  std::list<Place*> idle_;
  std::list<Place*> busy_;
  std::map<AddressKey, size_t> groups_;  // how many places each has
};

}  // namespace ferry::gateway
