// The applications this gateway serves, in an SQLite file that may change while it runs: by this
// process, or by another one that opens the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "gateway/session/app_directory.h"

namespace ferry::gateway {

struct Application {
  uint32_t sdk_app_id = 0;
  std::string name;
  std::string secret;  // the key of its UserSigs: 64 hex digits, used as they stand
  ApplicationStatus status = ApplicationStatus::kActive;
  bool permission_control = false;  // AppPolicy::permission_control
  ApplicationQuota quota;
};

// "active" or "suspended"; nullopt for another word.
std::string_view Name(ApplicationStatus status);
std::optional<ApplicationStatus> ParseApplicationStatus(std::string_view name);

// What is to be another; what is not given stays.
struct ApplicationChange {
  std::optional<std::string> name = {};
  std::optional<ApplicationStatus> status = {};
  std::optional<bool> permission_control = {};
  std::optional<size_t> max_users = {};
  std::optional<size_t> max_rooms = {};
  bool new_secret = false;  // userSigs of the old one are worth nothing from then on
};

// Safe to use from any thread. Looking an application up never touches the disk: it is answered
// from what was read last.
class AppStore final : public AppDirectory {
 public:
  static constexpr uint32_t kDemoSdkAppId = 1'400'000'001;
  static constexpr size_t kMaxNameBytes = 128;
  // What a quota may be at most: more than a gateway has.
  static constexpr size_t kMaxQuota = 1'000'000'000;
  using Applications = std::map<uint32_t, Application>;

  // Opens or creates `file`; a new one gets the application "demo" with a random secret.
  static Result<AppStore> Open(const std::filesystem::path& file);
  // Opens `file` if a gateway has made it; kNotFound otherwise: nobody would know a new one's
  // secret.
  static Result<AppStore> OpenExisting(const std::filesystem::path& file);
  // For tests and embedding: nothing but these, and no file.
  explicit AppStore(std::vector<Application> applications);
  ~AppStore() override;
  AppStore(AppStore&&) noexcept;
  AppStore& operator=(AppStore&&) noexcept;

  std::optional<AppPolicy> Find(uint32_t sdk_app_id) const override;
  // All, as they were read last.
  std::shared_ptr<const Applications> applications() const;

  // These are on disk, and known here, when they return. Not for a worker's thread.
  //
  // With a random secret; `sdk_app_id` 0: the next free one.
  Result<Application> Add(uint32_t sdk_app_id, const std::string& name);
  // kNotFound when there is none.
  Result<Application> Set(uint32_t sdk_app_id, const ApplicationChange& change);
  Result<void> Remove(uint32_t sdk_app_id);
  // Reads the file again if another has written to it; true when it has.
  Result<bool> Refresh();

 private:
  struct State;
  explicit AppStore(std::unique_ptr<State> state);
  static Result<AppStore> OpenFile(const std::filesystem::path& file, int flags, bool with_demo);

  std::unique_ptr<State> state_;
};

}  // namespace ferry::gateway
