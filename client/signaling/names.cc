#include "client/signaling/names.h"

#include <algorithm>
#include <string>

#include "core/base/bytes.h"
#include "net/websocket/utf8.h"

namespace ferry::client {
namespace {

ByteSpan Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string Count(std::string_view text, size_t most) {
  return " has " + std::to_string(text.size()) + " bytes, a name has 1 to " + std::to_string(most);
}

}  // namespace

Result<void> CheckUserId(std::string_view id) {
  const auto bad = [](const std::string& why) {
    return Fail(ErrorCode::kInvalidArgument, "the user's name" + why);
  };
  if (id.empty() || id.size() > kMaxUserIdBytes) return bad(Count(id, kMaxUserIdBytes));
  if (!net::IsUtf8(Bytes(id))) return bad(" is not UTF-8");
  if (std::ranges::any_of(id, [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; })) {
    return bad(" has a control character");
  }
  return {};
}

Result<void> CheckRoomName(std::string_view name) {
  constexpr std::string_view kSigns = " !#$%&()+-:;<=.>?@[]^_{}|~,";
  const auto bad = [](const std::string& why) {
    return Fail(ErrorCode::kInvalidArgument, "the room's name" + why);
  };
  if (name.empty() || name.size() > kMaxRoomNameBytes) return bad(Count(name, kMaxRoomNameBytes));
  for (const char c : name) {
    const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && kSigns.find(c) == kSigns.npos) {
      return bad(" may have letters and digits of ASCII and" + std::string(kSigns) +
                 " alone, not what \"" + std::string(name) + "\" has");
    }
  }
  return {};
}

}  // namespace ferry::client
