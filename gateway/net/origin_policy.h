// Which web pages may connect (RFC 6454), by the Origin header that browsers send.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace ferry::gateway {

class OriginPolicy {
 public:
  // Every page may.
  OriginPolicy() = default;
  // `allowed`: exact origins ("https://example.com:8443") or with a star for the first labels of
  // the host ("https://*.example.com", which is not example.com itself). Empty: every page may.
  static Result<OriginPolicy> Parse(const std::vector<std::string>& allowed);

  // `origin` as it came; empty when there was none. That is no browser, which Origin does not
  // protect: it is let through, to be judged by its userSig.
  bool Allows(std::string_view origin) const;

 private:
  struct Pattern {
    std::string begin;  // "https://", or the whole origin
    std::string end;    // ".example.com"; empty: no star
  };
  std::vector<Pattern> patterns_;
};

}  // namespace ferry::gateway
