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

// Of all and of one application, whatever is counted.
std::expected<void, Refusal> Take(size_t& all, size_t limit, size_t& own, size_t quota,
                                  const char* of_what) {
  if (quota > 0 && own >= quota) {
    return Full(SignalingError::kQuotaExceeded, "the application has all of its quota", own,
                of_what);
  }
  if (all >= limit) return Full(SignalingError::kGatewayFull, "the gateway is full", all, of_what);
  ++all;
  ++own;
  return {};
}

}  // namespace

std::expected<void, Refusal> Occupancy::TakeUser(uint32_t sdk_app_id,
                                                 const ApplicationQuota& quota) {
  const std::lock_guard lock(mutex_);
  const auto application = applications_.try_emplace(sdk_app_id).first;
  auto taken = Take(all_.users, limits_.users, application->second.users, quota.max_users, "users");
  ForgetIfEmpty(application);
  return taken;
}

std::expected<void, Refusal> Occupancy::TakeRoom(uint32_t sdk_app_id, const ApplicationQuota& quota,
                                                 bool one_ends) {
  const size_t spare = one_ends ? 1 : 0;
  const std::lock_guard lock(mutex_);
  const auto application = applications_.try_emplace(sdk_app_id).first;
  auto taken = Take(all_.rooms, limits_.rooms + spare, application->second.rooms,
                    quota.max_rooms == 0 ? 0 : quota.max_rooms + spare, "rooms");
  ForgetIfEmpty(application);
  return taken;
}

void Occupancy::GiveBackUser(uint32_t sdk_app_id) {
  const std::lock_guard lock(mutex_);
  const auto application = applications_.find(sdk_app_id);
  --all_.users;
  --application->second.users;
  ForgetIfEmpty(application);
}

void Occupancy::GiveBackRoom(uint32_t sdk_app_id) {
  const std::lock_guard lock(mutex_);
  const auto application = applications_.find(sdk_app_id);
  --all_.rooms;
  --application->second.rooms;
  ForgetIfEmpty(application);
}

size_t Occupancy::users() const {
  const std::lock_guard lock(mutex_);
  return all_.users;
}

size_t Occupancy::rooms() const {
  const std::lock_guard lock(mutex_);
  return all_.rooms;
}

void Occupancy::ForgetIfEmpty(Applications::iterator application) {
  const Count& count = application->second;
  if (count.users == 0 && count.rooms == 0) applications_.erase(application);
}

}  // namespace ferry::gateway
