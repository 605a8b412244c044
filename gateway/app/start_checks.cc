#include "gateway/app/start_checks.h"

#include <fmt/format.h>

namespace ferry::gateway {
namespace {

// Sockets that listen, the database, the log, files being read, and some more.
constexpr uint64_t kOtherDescriptors = 256;

}  // namespace

std::vector<std::string> DoubtfulSettings(const Config& config, uint64_t descriptors) {
  std::vector<std::string> doubts;
  const ListenerLimits& limits = config.listener;
  const uint64_t wanted = limits.max_connections + limits.max_half_open +
                          limits.max_http_connections + kOtherDescriptors;
  if (descriptors < wanted) {
    doubts.push_back(
        fmt::format("the program may open {} files, and max-connections, max-half-open and "
                    "max-http-connections ask for {}: raise the limit (LimitNOFILE in the unit, "
                    "ulimit -n), or lower those",
                    descriptors, wanted));
  }
  const uint64_t needed = config.rooms.max_users + config.sessions.max_entering;
  if (needed > limits.max_connections) {
    doubts.push_back(fmt::format(
        "max-users ({}) and max-entering ({}) are together more than max-connections ({}): who is "
        "one too many, or comes back after an outage, may find no connection",
        config.rooms.max_users, config.sessions.max_entering, limits.max_connections));
  }
  return doubts;
}

}  // namespace ferry::gateway
