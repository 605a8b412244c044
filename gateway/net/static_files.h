// Files of a folder over HTTP: kept in memory, looked at again when they change on disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/metrics.h"
#include "gateway/net/http.h"

namespace ferry::gateway {

// The media type of a file name; application/octet-stream for what is not known.
std::string_view MimeType(std::string_view file_name);

class StaticFiles {
 public:
  // A larger file is not served, and what is kept in memory is bounded by the second: a built demo
  // and SDK have a few MB.
  static constexpr uint64_t kMaxFileBytes = 32 * 1024 * 1024;
  static constexpr uint64_t kMaxCachedBytes = 128 * 1024 * 1024;

  // Counts into `metrics`, which outlive it, what is at those limits.
  StaticFiles(std::filesystem::path root, Metrics& metrics);

  // The file for a decoded `path` ("/" is index.html), with ETag, and compressed when "name.gz"
  // lies beside it and the client takes it; nullopt when there is none. Nothing outside the folder,
  // no dot files.
  std::optional<HttpResponse> Get(std::string_view path, const HttpRequest& request);

 private:
  struct File {
    std::filesystem::file_time_type modified;
    uint64_t size = 0;
    std::string etag;
    std::shared_ptr<const std::string> content;
  };

  std::optional<std::filesystem::path> Resolve(std::string_view path) const;
  const File* Load(const std::filesystem::path& path);

  Metrics& metrics_;
  std::filesystem::path root_;  // canonical; empty when the folder does not exist
  std::map<std::filesystem::path, File> files_;
  uint64_t cached_bytes_ = 0;
};

}  // namespace ferry::gateway
