// Somebody in a room whom nobody serves.
#pragma once

#include <optional>

#include "gateway/room/participant.h"

namespace ferry::gateway::testing {

struct Bystander final : Participant {
  Home home() const override { return {}; }
  void OnEvent(const SharedRoomEvent&) override {}
  bool OnPresence(const SharedRoomEvent&) override { return true; }
  void GiveUp() override {}
  void OnStreamEnded(StreamId) override {}
  void OnEvicted(EvictReason reason) override { evicted = reason; }

  std::optional<EvictReason> evicted;
};

}  // namespace ferry::gateway::testing
