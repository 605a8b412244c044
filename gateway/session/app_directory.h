// What a session asks of the application that a user enters: the secret that its userSig must be
// signed with, and what else its owner has set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/room/occupancy.h"

namespace ferry::gateway {

enum class ApplicationStatus {
  kActive,
  kSuspended,  // nobody enters; who is in a room stays
};

struct AppPolicy {
  std::string secret;  // the key of its userSigs
  ApplicationStatus status = ApplicationStatus::kActive;
  // Only who shows a permission ticket enters (PrivateMapKey: a userSig with a TLS.userbuf that
  // names the room and what may be done there).
  bool permission_control = false;
  ApplicationQuota quota;
};

class AppDirectory {
 public:
  virtual ~AppDirectory() = default;
  // As it is now; nullopt for an unknown application. From any worker's thread, at each `join`:
  // must not wait for a disk.
  virtual std::optional<AppPolicy> Find(uint32_t sdk_app_id) const = 0;
};

}  // namespace ferry::gateway
