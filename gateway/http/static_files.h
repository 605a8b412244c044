// Files of a folder over HTTP: read and hashed once and kept in memory, until they change on disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
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

  explicit StaticFiles(std::filesystem::path root);

  // The file for a decoded `path` ("/" is index.html), with ETag, and compressed when "name.gz"
  // lies beside it and the client takes it; nullopt when there is none. Nothing outside the folder,
  // no dot files. From any thread: who asks for a file while another reads it waits for that one
  // alone.
  std::optional<HttpResponse> Get(std::string_view path, const HttpRequest& request);
  // Whether there is a folder to serve.
  bool exists() const { return !root_.empty(); }
  // Counts what is at those limits.
  const Metrics& metrics() const { return metrics_; }

 private:
  struct File {
    std::filesystem::file_time_type modified;
    uint64_t size = 0;
    std::string etag;
    std::shared_ptr<const std::string> content;
  };
  struct Entry {
    std::mutex reading;                // held by who reads it
    std::shared_ptr<const File> file;  // under mutex_; null: not read yet
  };

  std::optional<std::filesystem::path> Resolve(std::string_view path) const;
  // Where it leads by symbolic links; nullopt: nowhere, or outside the folder.
  std::optional<std::filesystem::path> Inside(const std::filesystem::path& path) const;
  std::shared_ptr<const File> Load(const std::filesystem::path& path);
  // What is kept of the path, if it is that of `modified` and `size`.
  std::shared_ptr<const File> Kept(const Entry& entry, std::filesystem::file_time_type modified,
                                   uint64_t size);
  void Keep(const std::filesystem::path& path, const std::shared_ptr<Entry>& entry,
            const std::shared_ptr<const File>& file);

  std::filesystem::path root_;  // canonical; empty when the folder does not exist
  std::mutex mutex_;            // of the table and its counts; no file is read under it
  std::map<std::filesystem::path, std::shared_ptr<Entry>> files_;
  uint64_t cached_bytes_ = 0;
  Metrics metrics_;
};

}  // namespace ferry::gateway
