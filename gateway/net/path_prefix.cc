#include "gateway/net/path_prefix.h"

#include <algorithm>

namespace ferry::gateway {
namespace {

// RFC 3986 §2.3, and the slash: what no browser and no proxy writes in another way.
bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~/").contains(c);
}

}  // namespace

Result<PathPrefix> PathPrefix::Parse(std::string_view text) {
  PathPrefix prefix;
  if (text == "" || text == "/") return prefix;
  std::string path(text);
  if (path.ends_with('/')) path.pop_back();
  const std::string segments = path + "/";
  const bool dots = segments.contains("/./") || segments.contains("/../");
  if (!path.starts_with('/') || segments.contains("//") || dots ||
      !std::ranges::all_of(path, IsPlain)) {
    return Fail(ErrorCode::kInvalidArgument,
                "\"" + std::string(text) +
                    "\" is no path: write it as /calls, of letters, digits, - . _ ~ and /");
  }
  prefix.prefix_ = std::move(path);
  return prefix;
}

std::string PathPrefix::Strip(std::string_view target) const {
  const bool under = !prefix_.empty() && target.starts_with(prefix_) &&
                     target.substr(prefix_.size()).starts_with('/');
  return std::string(under ? target.substr(prefix_.size()) : target);
}

std::string PathPrefix::WithSlash(std::string_view target) const {
  const size_t end = std::min(target.size(), target.find('?'));
  if (prefix_.empty() || target.substr(0, end) != prefix_) return "";
  return prefix_ + "/" + std::string(target.substr(end));
}

}  // namespace ferry::gateway
