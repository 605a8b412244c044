#include "gateway/net/origin_policy.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ferry::gateway {
namespace {

constexpr std::string_view kScheme = "://";

// Scheme and host in lower case, without the port that the scheme implies: as browsers send it.
std::string Normal(std::string_view origin) {
  std::string out(origin);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kImplied = {
      {{"https://", ":443"}, {"http://", ":80"}}};
  for (const auto& [scheme, port] : kImplied) {
    if (out.starts_with(scheme) && out.ends_with(port)) out.resize(out.size() - port.size());
  }
  return out;
}

}  // namespace

Result<OriginPolicy> OriginPolicy::Parse(const std::vector<std::string>& allowed) {
  OriginPolicy policy;
  for (const std::string& text : allowed) {
    const std::string origin = Normal(text);
    const size_t scheme = origin.find(kScheme);
    const std::string_view host =
        std::string_view(origin).substr(scheme == origin.npos ? origin.size() : scheme + 3);
    const size_t star = host.find('*');
    const bool good = !host.empty() && host.find_first_of("/?# ") == host.npos &&
                      (star == host.npos ||
                       (star == 0 && host.size() > 2 && host[1] == '.' && host.rfind('*') == 0));
    if (!good && text != "null") {
      return Fail(ErrorCode::kInvalidArgument,
                  "\"" + text +
                      "\" is no origin: write https://example.com, https://example.com:8443 or "
                      "https://*.example.com");
    }
    if (star == host.npos) {
      policy.patterns_.push_back({origin, ""});
    } else {
      policy.patterns_.push_back({origin.substr(0, scheme + 3), std::string(host.substr(1))});
    }
  }
  return policy;
}

bool OriginPolicy::Allows(std::string_view origin) const {
  if (patterns_.empty() || origin.empty()) return true;
  const std::string normal = Normal(origin);
  return std::ranges::any_of(patterns_, [&](const Pattern& pattern) {
    if (pattern.end.empty()) return normal == pattern.begin;
    return normal.size() > pattern.begin.size() + pattern.end.size() &&
           normal.starts_with(pattern.begin) && normal.ends_with(pattern.end);
  });
}

}  // namespace ferry::gateway
