// Any bytes as a permission ticket: read or refused, never beyond their end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/auth/permission_ticket.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry::gateway;
  const auto ticket = ParsePermissionTicket({reinterpret_cast<const char*>(data), size});
  if (!ticket) return 0;
  // What it holds was all there.
  const auto* room = std::get_if<std::string>(&ticket->room);
  if (size != 23 + ticket->user_id.size() + (room ? 2 + room->size() : 0)) std::abort();
  return 0;
}
