// Looks for the beginning of a stream whose first packets may be lost: who knows only what came
// after them does not miss them.
#pragma once

#include <cstdint>
#include <utility>

#include "core/base/units.h"
#include "core/transport/nack_generator.h"

namespace ferry::transport {

class StreamBeginning {
 public:
  // Each packet until it is found, after `nacks` was told of it. `begins`: it can be understood
  // without those before it, as the first of a key frame.
  void OnPacket(int64_t sequence, bool begins, NackGenerator& nacks, Timestamp now) {
    if (found_) return;
    if (begins) {
      found_ = true;
      nacks.ForgetBefore(sequence);
    } else if (!std::exchange(received_any_, true)) {
      nacks.ExpectBefore(sequence, now);
    }
  }
  bool found() const { return found_; }

 private:
  bool received_any_ = false;
  bool found_ = false;
};

}  // namespace ferry::transport
