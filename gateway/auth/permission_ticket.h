// The permission ticket of a room (TRTC's PrivateMapKey): what an application's server lets one
// user do in one room. It stands as TLS.userbuf in a userSig, whose signature covers it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "net/protocol.h"

namespace ferry::gateway {

// The bits of the ticket's privilege map.
enum class Permission : uint32_t {
  kCreateRoom = 1,
  kEnterRoom = 2,
  kSendAudio = 4,
  kReceiveAudio = 8,
  kSendVideo = 16,
  kReceiveVideo = 32,
  kSendSubVideo = 64,
  kReceiveSubVideo = 128,
};

struct Permissions {
  uint32_t bits = 0xff;  // all, where no ticket is asked for
  bool Allow(Permission permission) const {
    return (bits & static_cast<uint32_t>(permission)) != 0;
  }
};

struct PermissionTicket {
  std::string user_id;
  uint32_t sdk_app_id = 0;
  net::RoomId room;
  int64_t expires_s = 0;  // Unix time
  Permissions permissions;
};

// Reads the bytes of a TLS.userbuf: big-endian version (0: numeric room, 1: string room), length
// and userId, sdkAppId, room number, expiry, privilege map, account type, and of version 1 length
// and room string. nullopt when they are no ticket.
std::optional<PermissionTicket> ParsePermissionTicket(std::string_view buffer);

// What `user_buffer_base64`, as a verified userSig has it, lets `user_id` do in `room` at `now_s`;
// else why it does not let him in.
std::expected<Permissions, std::string> CheckPermissionTicket(
    const std::optional<std::string>& user_buffer_base64, uint32_t sdk_app_id,
    std::string_view user_id, const net::RoomId& room, int64_t now_s, int64_t expiry_skew_s);

}  // namespace ferry::gateway
