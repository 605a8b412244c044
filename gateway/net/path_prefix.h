// The path under which a reverse proxy shows the gateway, where it does not take it off itself.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace ferry::gateway {

class PathPrefix {
 public:
  // None: everything is at the root.
  PathPrefix() = default;
  // As "/calls" or "/a/b"; "" and "/" are none.
  static Result<PathPrefix> Parse(std::string_view text);

  // A request's target without the prefix: "/calls/sdk/trtc.js?v=1" is "/sdk/trtc.js?v=1". Others
  // stay as they are: who comes past the proxy (health checks, metrics) asks at the root.
  std::string Strip(std::string_view target) const;
  // Of the prefix alone, from where relative addresses would lead elsewhere: the same with the
  // slash behind it. Empty for every other target.
  std::string WithSlash(std::string_view target) const;

  // With no slash at its end; empty: none.
  const std::string& text() const { return prefix_; }

 private:
  std::string prefix_;
};

}  // namespace ferry::gateway
