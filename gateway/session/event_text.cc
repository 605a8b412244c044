#include "gateway/session/event_text.h"

#include <algorithm>
#include <variant>

#include "gateway/signaling/messages.h"

namespace ferry::gateway {
namespace {

struct Encode {
  std::string operator()(const UserEntered& event) const {
    return UserEnteredMessage(event.user_id);
  }
  std::string operator()(const UserLeft& event) const {
    return UserLeftMessage(event.user_id, event.reason);
  }
  std::string operator()(const StreamAdded& event) const {
    return StreamAddedMessage(event.user_id, event.stream);
  }
  std::string operator()(const StreamUpdated& event) const {
    return StreamUpdatedMessage(event.user_id, event.stream);
  }
  std::string operator()(const StreamRemoved& event) const {
    return StreamRemovedMessage(event.user_id, event.stream.info.stream_id);
  }
};

// All but names and encodings.
constexpr size_t kEnteredBytes = 36;
constexpr size_t kLeftBytes = 44;
constexpr size_t kStreamBytes = 136;
constexpr size_t kRemovedBytes = 56;
constexpr size_t kEncodingBytes = 32;

// A quote or a backslash takes two bytes; control characters there are none.
size_t NameBytes(const std::string& name) {
  const auto escaped = std::ranges::count_if(name, [](char c) { return c == '"' || c == '\\'; });
  return name.size() + static_cast<size_t>(escaped);
}

size_t StreamBytes(const std::string& user_id, const Publication& stream) {
  return kStreamBytes + NameBytes(user_id) + stream.info.stream_id.size() +
         kEncodingBytes * stream.encodings.size();
}

struct Measure {
  size_t operator()(const UserEntered& event) const {
    return kEnteredBytes + NameBytes(event.user_id);
  }
  size_t operator()(const UserLeft& event) const { return kLeftBytes + NameBytes(event.user_id); }
  size_t operator()(const StreamAdded& event) const {
    return StreamBytes(event.user_id, event.stream);
  }
  size_t operator()(const StreamUpdated& event) const {
    return StreamBytes(event.user_id, event.stream);
  }
  size_t operator()(const StreamRemoved& event) const {
    return kRemovedBytes + NameBytes(event.user_id) + event.stream.info.stream_id.size();
  }
};

}  // namespace

std::string EventText(const RoomEvent::Body& event) { return std::visit(Encode{}, event); }

size_t MaxEventBytes(const RoomEvent::Body& event) { return std::visit(Measure{}, event); }

}  // namespace ferry::gateway
