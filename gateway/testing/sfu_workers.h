// Three workers that forward, in virtual time, and run when they have asked for it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <utility>

#include "core/base/units.h"
#include "gateway/base/metrics.h"
#include "gateway/sfu/sfu_worker.h"

namespace ferry::gateway::testing {

class SfuWorkersTest : public ::testing::Test {
 protected:
  // Runs the workers until none asks for it any more.
  void Pump() {
    for (bool any = true; any;) {
      any = false;
      for (size_t i = 0; i < sfu.size(); ++i) {
        if (std::exchange(runs_requested[i], 0) == 0) continue;
        sfu.worker(i).Run(now);
        any = true;
      }
    }
  }
  void Tick(Duration duration) {
    now += duration;
    for (size_t i = 0; i < sfu.size(); ++i) sfu.worker(i).Tick(now);
    Pump();
  }

  Timestamp now = Timestamp::Millis(5000);
  std::map<size_t, int> runs_requested;
  std::array<Metrics, 3> metrics;

 private:
  Sfu::Worker Worker(size_t index) {
    return {&metrics[index], [this, index] { ++runs_requested[index]; }};
  }

 protected:
  Sfu sfu{{Worker(0), Worker(1), Worker(2)}};
};

}  // namespace ferry::gateway::testing
