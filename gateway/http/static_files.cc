#include "gateway/http/static_files.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <utility>

#include "core/base/hex.h"

namespace ferry::gateway {
namespace {

namespace fs = std::filesystem;
namespace http = boost::beast::http;

constexpr std::array<std::pair<std::string_view, std::string_view>, 22> kTypes = {{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".ts", "text/plain; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".webmanifest", "application/manifest+json"},
    {".mp4", "video/mp4"},
    {".webm", "video/webm"},
    {".ogg", "audio/ogg"},
    {".wav", "audio/wav"},
    {".onnx", "application/octet-stream"},
}};

std::string ETag(std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr);
  constexpr size_t kBytes = 12;  // enough to tell versions of a file apart
  return "\"" + Hex(ByteSpan(digest).first(kBytes)) + "\"";
}

// File names that a bundler ends with a hash of the content, as "index-BxV3k2Qp.js", never change.
bool HasContentHash(const fs::path& path) {
  const std::string stem = path.stem().string();
  const size_t dash = stem.rfind('-');
  return dash != stem.npos && stem.size() - dash - 1 == 8 &&
         std::any_of(stem.begin() + static_cast<std::ptrdiff_t>(dash), stem.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

std::string_view MimeType(std::string_view file_name) {
  const size_t dot = file_name.rfind('.');
  const std::string_view extension = dot == file_name.npos ? "" : file_name.substr(dot);
  for (const auto& [known, type] : kTypes) {
    if (extension == known) return type;
  }
  return "application/octet-stream";
}

StaticFiles::StaticFiles(fs::path root) {
  std::error_code error;
  if (!root.empty()) root_ = fs::canonical(root, error);
  if (error) root_.clear();
}

std::optional<fs::path> StaticFiles::Resolve(std::string_view path) const {
  if (root_.empty() || path.empty() || path[0] != '/') return std::nullopt;
  if (path.find('\0') != path.npos || path.find('\\') != path.npos) return std::nullopt;
  std::string relative(path.substr(1));
  if (relative.empty() || relative.back() == '/') relative += "index.html";
  // Every segment is a plain name: no "", ".", "..", nor hidden files.
  for (size_t begin = 0; begin <= relative.size();) {
    const size_t end = std::min(relative.find('/', begin), relative.size());
    if (end == begin || relative[begin] == '.') return std::nullopt;
    begin = end + 1;
  }
  return Inside(root_ / relative);
}

std::optional<fs::path> StaticFiles::Inside(const fs::path& path) const {
  std::error_code error;
  const fs::path resolved = fs::canonical(path, error);
  if (error) return std::nullopt;
  const auto [end, ignored] =
      std::mismatch(root_.begin(), root_.end(), resolved.begin(), resolved.end());
  if (end != root_.end()) return std::nullopt;
  return resolved;
}

std::shared_ptr<const StaticFiles::File> StaticFiles::Kept(const Entry& entry,
                                                           fs::file_time_type modified,
                                                           uint64_t size) {
  const std::lock_guard lock(mutex_);
  const bool same = entry.file && entry.file->modified == modified && entry.file->size == size;
  return same ? entry.file : nullptr;
}

void StaticFiles::Keep(const fs::path& path, const std::shared_ptr<Entry>& entry,
                       const std::shared_ptr<const File>& file) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Entry> known = files_[path];
  if (known && known->file) cached_bytes_ -= known->file->size;
  if (known) known->file = nullptr;
  if (cached_bytes_ + file->size > kMaxCachedBytes) {
    metrics_.http_file_memory.Add();
    for (const auto& [name, kept] : files_) kept->file = nullptr;
    files_.clear();
    cached_bytes_ = 0;
  }
  files_[path] = entry;
  entry->file = file;
  cached_bytes_ += file->size;
}

std::shared_ptr<const StaticFiles::File> StaticFiles::Load(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return nullptr;
  const uint64_t size = fs::file_size(path, error);
  const auto modified = fs::last_write_time(path, error);
  if (error) return nullptr;
  std::shared_ptr<Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    if (size > kMaxFileBytes) {
      metrics_.http_file.Add();
      return nullptr;
    }
    std::shared_ptr<Entry>& slot = files_[path];
    if (!slot) slot = std::make_shared<Entry>();
    entry = slot;
  }
  if (auto kept = Kept(*entry, modified, size)) return kept;
  const std::lock_guard reading(entry->reading);
  if (auto kept = Kept(*entry, modified, size)) return kept;
  std::ifstream in(path, std::ios::binary);
  auto content = std::make_shared<std::string>(size, '\0');
  in.read(content->data(), static_cast<std::streamsize>(size));
  if (static_cast<uint64_t>(in.gcount()) != size) return nullptr;
  std::string etag = ETag(*content);
  auto file =
      std::make_shared<const File>(File{modified, size, std::move(etag), std::move(content)});
  Keep(path, entry, file);
  return file;
}

std::optional<HttpResponse> StaticFiles::Get(std::string_view path, const HttpRequest& request) {
  const auto resolved = Resolve(path);
  if (!resolved) return std::nullopt;
  std::shared_ptr<const File> file;
  bool compressed = false;
  const auto accepted = request[http::field::accept_encoding];
  if (accepted.find("gzip") != accepted.npos) {
    const auto beside = Inside(resolved->string() + ".gz");
    if (beside) file = Load(*beside);
    compressed = file != nullptr;
  }
  if (file == nullptr) file = Load(*resolved);
  if (file == nullptr) return std::nullopt;

  HttpResponse response;
  response.headers.set(http::field::content_type, std::string(MimeType(resolved->string())));
  response.headers.set(http::field::etag, file->etag);
  response.headers.set(http::field::vary, "Accept-Encoding");
  response.headers.set(http::field::cache_control, HasContentHash(*resolved)
                                                       ? "public, max-age=31536000, immutable"
                                                       : "no-cache");
  if (compressed) response.headers.set(http::field::content_encoding, "gzip");
  const auto known = request[http::field::if_none_match];
  if (known.find(file->etag) != known.npos) {
    response.status = 304;
  } else {
    response.body = file->content;
  }
  return response;
}

}  // namespace ferry::gateway
