// Where a session finds the secret that its userSig must be signed with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ferry::gateway {

class AppDirectory {
 public:
  virtual ~AppDirectory() = default;
  // nullopt for an unknown application.
  virtual std::optional<std::string> Secret(uint32_t sdk_app_id) const = 0;
};

}  // namespace ferry::gateway
