#include "gateway/net/private_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace ferry::gateway {
namespace {

namespace fs = std::filesystem;

std::string LastError() { return std::error_code(errno, std::generic_category()).message(); }

}  // namespace

Result<std::string> ReadWholeFile(const fs::path& path, uintmax_t max_bytes) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) {
    return Fail(ErrorCode::kNotFound, "cannot read " + path.string() + ": " + error.message());
  }
  if (size > max_bytes) {
    return Fail(ErrorCode::kLimitExceeded,
                path.string() + " has more than " + std::to_string(max_bytes) + " bytes");
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(ErrorCode::kNotFound, "cannot read " + path.string() + ": " + LastError());
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Result<void> WritePrivateFile(const fs::path& path, std::string_view content) {
  const auto fail = [&](const std::string& why) {
    return Fail(ErrorCode::kInvalidArgument,
                "cannot write " + path.string() + ": " + why + ". Its folder: is it writable?");
  };
  const fs::path temporary = path.string() + ".new";
  const int file = open(temporary.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return fail(LastError());
  const bool written =
      write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      fsync(file) == 0;
  const std::string why = written ? "" : LastError();
  close(file);
  if (!written) return fail(why);
  std::error_code error;
  fs::rename(temporary, path, error);
  if (error) return fail(error.message());
  return {};
}

}  // namespace ferry::gateway
