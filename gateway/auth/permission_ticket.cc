#include "gateway/auth/permission_ticket.h"

#include <variant>

#include "core/base/base64.h"

namespace ferry::gateway {
namespace {

// Takes big-endian values off the front of a buffer, and remembers when there were too few bytes.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint32_t Number(size_t size) {
    uint32_t value = 0;
    for (const char byte : Bytes(size)) value = value << 8 | static_cast<uint8_t>(byte);
    return value;
  }
  std::string_view Bytes(size_t size) {
    if (size > bytes_.size()) {
      complete_ = false;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  // Everything was there, and nothing more.
  bool complete() const { return complete_ && bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool complete_ = true;
};

constexpr uint32_t kNumericRoom = 0;
constexpr uint32_t kStringRoom = 1;

}  // namespace

std::optional<PermissionTicket> ParsePermissionTicket(std::string_view buffer) {
  Reader reader(buffer);
  PermissionTicket ticket;
  const uint32_t version = reader.Number(1);
  if (version != kNumericRoom && version != kStringRoom) return std::nullopt;
  ticket.user_id = reader.Bytes(reader.Number(2));
  ticket.sdk_app_id = reader.Number(4);
  ticket.room = reader.Number(4);
  ticket.expires_s = reader.Number(4);
  ticket.permissions.bits = reader.Number(4);
  reader.Number(4);  // account type
  if (version == kStringRoom) ticket.room = std::string(reader.Bytes(reader.Number(2)));
  if (!reader.complete()) return std::nullopt;
  return ticket;
}

std::expected<Permissions, std::string> CheckPermissionTicket(
    const std::optional<std::string>& user_buffer_base64, uint32_t sdk_app_id,
    std::string_view user_id, const net::RoomId& room, int64_t now_s, int64_t expiry_skew_s) {
  if (!user_buffer_base64) return std::unexpected("the userSig has none (TLS.userbuf)");
  const auto buffer = Base64Decode(*user_buffer_base64);
  const auto ticket = buffer ? ParsePermissionTicket(*buffer) : std::nullopt;
  if (!ticket) return std::unexpected("TLS.userbuf is none");
  if (ticket->sdk_app_id != sdk_app_id) {
    return std::unexpected("it is for sdkAppId " + std::to_string(ticket->sdk_app_id));
  }
  if (ticket->user_id != user_id) return std::unexpected("it is for another userId");
  if (ticket->room != room) return std::unexpected("it is for another room");
  if (now_s > ticket->expires_s + expiry_skew_s) {
    return std::unexpected("it expired " + std::to_string(now_s - ticket->expires_s) + " s ago");
  }
  if (!ticket->permissions.Allow(Permission::kEnterRoom)) {
    return std::unexpected("it does not allow to enter (privilege 2)");
  }
  return ticket->permissions;
}

}  // namespace ferry::gateway
