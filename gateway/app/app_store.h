// The applications this gateway serves, in an SQLite file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gateway/session/app_directory.h"

namespace ferry::gateway {

struct Application {
  uint32_t sdk_app_id = 0;
  std::string name;
  std::string secret;  // the key of its UserSigs: 64 hex digits, used as they stand
};

// Read once when it is opened: looking one up never touches the disk.
class AppStore final : public AppDirectory {
 public:
  static constexpr uint32_t kDemoSdkAppId = 1'400'000'001;

  // Opens or creates `file`; a new one gets the application "demo" with a random secret.
  static Result<AppStore> Open(const std::filesystem::path& file);
  // Opens `file` if a gateway has made it; kNotFound otherwise: nobody would know a new one's
  // secret.
  static Result<AppStore> OpenExisting(const std::filesystem::path& file);
  // For tests and embedding: nothing but these.
  explicit AppStore(std::vector<Application> applications);

  std::optional<AppPolicy> Find(uint32_t sdk_app_id) const override;
  const std::map<uint32_t, Application>& applications() const { return applications_; }

 private:
  std::map<uint32_t, Application> applications_;
};

}  // namespace ferry::gateway
