#include "gateway/room/occupancy.h"

#include <string>

namespace ferry::gateway {
namespace {

std::unexpected<Refusal> Full(SignalingError code, const char* who, size_t count,
                              const char* of_what) {
  return std::unexpected(
      Refusal{std::nullopt, static_cast<int>(code),
              std::string("join: ") + who + " (" + std::to_string(count) + " " + of_what + ")"});
}

}  // namespace

std::expected<void, Refusal> Occupancy::TakeUser(uint32_t sdk_app_id,
                                                 const ApplicationQuota& quota) {
  return Take(&Count::users, "users", sdk_app_id, limits_.users, quota.max_users);
}

std::expected<void, Refusal> Occupancy::TakeRoom(uint32_t sdk_app_id, const ApplicationQuota& quota,
                                                 bool one_ends) {
  const size_t spare = one_ends ? 1 : 0;
  return Take(&Count::rooms, "rooms", sdk_app_id, limits_.rooms + spare,
              quota.max_rooms == 0 ? 0 : quota.max_rooms + spare);
}

void Occupancy::GiveBackUser(uint32_t sdk_app_id) { GiveBack(&Count::users, sdk_app_id); }

void Occupancy::GiveBackRoom(uint32_t sdk_app_id) { GiveBack(&Count::rooms, sdk_app_id); }

std::expected<void, Refusal> Occupancy::Take(size_t Count::*what, const char* name,
                                             uint32_t sdk_app_id, size_t limit, size_t quota) {
  const std::lock_guard lock(mutex_);
  const auto application = applications_.find(sdk_app_id);
  const size_t own = application == applications_.end() ? 0 : application->second.*what;
  if (quota > 0 && own >= quota) {
    return Full(SignalingError::kQuotaExceeded, "the application has all of its quota", own, name);
  }
  if (all_.*what >= limit) {
    return Full(SignalingError::kGatewayFull, "the gateway is full", all_.*what, name);
  }
  ++(all_.*what);
  ++(applications_[sdk_app_id].*what);
  return {};
}

void Occupancy::GiveBack(size_t Count::*what, uint32_t sdk_app_id) {
  const std::lock_guard lock(mutex_);
  const auto application = applications_.find(sdk_app_id);
  --(all_.*what);
  --(application->second.*what);
  const Count& left = application->second;
  if (left.users == 0 && left.rooms == 0) applications_.erase(application);
}

size_t Occupancy::users() const {
  const std::lock_guard lock(mutex_);
  return all_.users;
}

size_t Occupancy::rooms() const {
  const std::lock_guard lock(mutex_);
  return all_.rooms;
}

}  // namespace ferry::gateway
