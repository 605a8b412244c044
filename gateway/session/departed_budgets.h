// What users who left had still to say, for when they enter again: a budget that began anew with
// each session would be worth nothing.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/base/units.h"
#include "gateway/room/room_registry.h"
#include "gateway/session/control_budget.h"

namespace ferry::gateway {

// Safe to use from any thread, whatever is locked besides: nothing else is locked within.
class DepartedBudgets {
 public:
  // Some 4 MB. Beyond it the longest departed is forgotten, and begins anew.
  static constexpr size_t kMaxUsers = 16'384;

  using UserKey = RoomRegistry::UserKey;

  void Keep(const UserKey& user, const ControlBudget& budget);
  // What the user had, unless all of it is there again by now.
  std::optional<ControlBudget> Take(const UserKey& user, Timestamp now);
  size_t size() const;

 private:
  using Departed = std::list<std::pair<UserKey, ControlBudget>>;  // the longest ago first

  void Forget(Departed::iterator departed);

  mutable std::mutex mutex_;
  Departed departed_;
  std::map<UserKey, Departed::iterator> by_user_;
};

}  // namespace ferry::gateway
