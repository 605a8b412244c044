// The events of a room as their control messages: docs/protocol.md §2.2.
#pragma once

#include <cstddef>
#include <string>

#include "gateway/room/room_event.h"

namespace ferry::gateway {

std::string EventText(const RoomEvent::Body& event);
// What EventText makes has no more bytes; for accounts, without making it.
size_t MaxEventBytes(const RoomEvent::Body& event);

}  // namespace ferry::gateway
