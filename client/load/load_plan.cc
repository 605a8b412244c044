#include "client/load/load_plan.h"

namespace ferry::client {

bool IsLoud(const LoadPlan& plan, int place, Timestamp now) {
  if (plan.audio_publishers <= 0) return false;
  const int64_t turn = now.us() / plan.speaking_turn.us();
  const int64_t first = turn * plan.speakers % plan.audio_publishers;
  const int64_t behind = (place - first + plan.audio_publishers) % plan.audio_publishers;
  return behind < plan.speakers;
}

}  // namespace ferry::client
