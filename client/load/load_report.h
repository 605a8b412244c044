// What a run of the load generator tells: docs/ferry-cli.md.
#pragma once

#include <nlohmann/json.hpp>

#include "client/load/load_plan.h"
#include "client/load/load_stats.h"

namespace ferry::client {

// Of the measured time, this process.
struct LoadCost {
  Duration measured;
  double cpu_seconds = 0;
  int64_t resident_bytes = 0;
};

nlohmann::ordered_json LoadReport(const LoadPlan& plan, const LoadStats& stats,
                                  const LoadCost& cost);

}  // namespace ferry::client
