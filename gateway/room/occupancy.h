// How many users and rooms there are, of all applications and of each, and how many there may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <mutex>

#include "gateway/signaling/messages.h"

namespace ferry::gateway {

// What one application may have at a time of what there is; 0: all of it.
struct ApplicationQuota {
  size_t max_users = 0;
  size_t max_rooms = 0;
};

// Safe to use from any thread, whatever is locked besides: nothing else is locked within.
class Occupancy {
 public:
  struct Count {
    size_t users = 0;
    size_t rooms = 0;
  };
  explicit Occupancy(const Count& limits) : limits_(limits) {}

  // One more, to be given back; or why there is no place (20006 the gateway is full, 20020 the
  // application has all of its quota). Who is in stays where a quota becomes less.
  std::expected<void, Refusal> TakeUser(uint32_t sdk_app_id, const ApplicationQuota& quota);
  // `one_ends`: a room of the same application, with the entrance that makes this one.
  std::expected<void, Refusal> TakeRoom(uint32_t sdk_app_id, const ApplicationQuota& quota,
                                        bool one_ends);
  void GiveBackUser(uint32_t sdk_app_id);
  void GiveBackRoom(uint32_t sdk_app_id);

  size_t users() const;
  size_t rooms() const;

 private:
  // Of users or of rooms. `quota` 0: none.
  std::expected<void, Refusal> Take(size_t Count::*what, const char* name, uint32_t sdk_app_id,
                                    size_t limit, size_t quota);
  void GiveBack(size_t Count::*what, uint32_t sdk_app_id);

  const Count limits_;
  mutable std::mutex mutex_;  // held for a look-up, where somebody enters or leaves
  Count all_;
  std::map<uint32_t, Count> applications_;  // those that have a user or a room
};

}  // namespace ferry::gateway
