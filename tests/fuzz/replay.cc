#include "tests/fuzz/replay.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <system_error>
#include <vector>

namespace ferry::testing {
namespace {

using std::filesystem::path;

Result<std::vector<path>> FilesOf(const path& folder) {
  std::error_code error;
  std::vector<path> files;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_regular_file()) files.push_back(it->path());
  }
  if (error) return Fail(ErrorCode::kNotFound, folder.string() + ": " + error.message());
  if (files.empty()) return Fail(ErrorCode::kNotFound, folder.string() + " has no seeds");
  std::ranges::sort(files);
  return files;
}

}  // namespace

Result<size_t> ReplayCorpus(const path& folder, FuzzEntry entry, std::ostream& log) {
  const auto files = FilesOf(folder);
  if (!files) return std::unexpected(files.error());
  const uint8_t nothing = 0;
  entry(&nothing, 0);
  for (const path& file : *files) {
    std::ifstream in(file, std::ios::binary);
    // Bytes of their own and exactly as many, so that a sanitizer sees each read behind their end.
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return Fail(ErrorCode::kNotFound, file.string() + " cannot be read");
    std::vector<uint8_t> bytes(text.begin(), text.end());
    bytes.shrink_to_fit();
    log << file.filename().string() << ", " << bytes.size() << " bytes" << std::endl;
    entry(bytes.empty() ? &nothing : bytes.data(), bytes.size());
  }
  return files->size();
}

}  // namespace ferry::testing
