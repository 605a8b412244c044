// The gateway's counts as Prometheus reads them (docs/configuration.md lists them).
#pragma once

#include <string>
#include <vector>

#include "gateway/base/metrics.h"
#include "gateway/net/address_limits.h"

namespace ferry::gateway {

// The text exposition format: the sums over the workers, with process_* metrics of this process.
std::string PrometheusText(const std::vector<const Metrics*>& workers,
                           const AddressLimits& addresses);

}  // namespace ferry::gateway
