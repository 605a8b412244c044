#include "gateway/room/room.h"

#include <algorithm>
#include <cassert>

namespace ferry::gateway {
namespace {

std::unexpected<Refusal> Refuse(SignalingError code, std::string message) {
  return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
}

auto ById(std::string_view stream_id) {
  return [stream_id](const Publication& stream) { return stream.info.stream_id == stream_id; };
}

}  // namespace

std::string ToString(const RoomKey& key) {
  return std::to_string(key.sdk_app_id) + "/" + ToString(key.id);
}

Room::Room(RoomKey key, Scene scene, const RoomLimits& limits)
    : key_(std::move(key)), scene_(scene), limits_(limits) {}

bool Room::full(bool one_leaves) const {
  const size_t limit = scene_ == Scene::kRtc ? limits_.max_rtc_users : limits_.max_live_users;
  return users_.size() >= limit + (one_leaves ? 1 : 0);
}

Room::User& Room::Get(const RoomMember& member) {
  const auto found =
      std::ranges::find(users_, &member, [](const auto& user) { return user->member; });
  assert(found != users_.end());
  return **found;
}

size_t Room::publishers() const {
  return static_cast<size_t>(
      std::ranges::count_if(users_, [](const auto& user) { return !user->streams.empty(); }));
}

void Room::Broadcast(const RoomMember& except, std::string message) {
  const auto shared = std::make_shared<const std::string>(std::move(message));
  for (const auto& user : users_) {
    if (user->member != &except) user->member->Notify(shared);
  }
}

std::vector<UserInfo> Room::Enter(RoomMember& member, std::string user_id, Role role) {
  std::vector<UserInfo> present;
  for (const auto& user : users_) {
    if (user->role == Role::kAudience) continue;
    UserInfo info{user->user_id, {}};
    info.streams = user->streams;
    present.push_back(std::move(info));
  }
  // The audience of a live room is not announced.
  if (role == Role::kAnchor) Broadcast(member, UserEntered(user_id));
  users_.push_back(std::make_unique<User>(User{&member, std::move(user_id), role, {}}));
  return present;
}

void Room::Leave(RoomMember& member, LeaveReason reason) {
  User& user = Get(member);
  while (!user.streams.empty()) {
    const std::string id = user.streams.back().info.stream_id;
    user.streams.pop_back();
    Broadcast(member, StreamRemoved(user.user_id, id));
  }
  if (user.role == Role::kAnchor) Broadcast(member, UserLeft(user.user_id, reason));
  std::erase_if(users_, [&](const auto& other) { return other.get() == &user; });
}

std::expected<StreamInfo, Refusal> Room::Publish(RoomMember& member, const PublishRequest& request,
                                                 StreamKey key,
                                                 std::vector<EncodingInfo> encodings) {
  User& user = Get(member);
  if (user.role == Role::kAudience) {
    return Refuse(SignalingError::kNotAllowed, "publish: the audience does not publish");
  }
  const bool taken = std::ranges::any_of(user.streams, [&](const auto& stream) {
    return stream.info.kind == request.kind && stream.info.source == request.source;
  });
  if (taken) {
    return Refuse(SignalingError::kAlreadyPublished,
                  "publish: this kind and source is already published");
  }
  if (user.streams.empty() && publishers() >= limits_.max_publishers) {
    return Refuse(SignalingError::kTooManyStreams,
                  "publish: " + std::to_string(limits_.max_publishers) +
                      " users publish in this room already, which is its limit");
  }
  StreamInfo info{.stream_id = "s" + std::to_string(next_stream_++),
                  .kind = request.kind,
                  .source = request.source,
                  .codec = request.codec,
                  .muted = request.muted};
  user.streams.push_back({.key = key, .info = info, .encodings = std::move(encodings)});
  Broadcast(member, StreamAdded(user.user_id, user.streams.back()));
  return info;
}

std::expected<StreamKey, Refusal> Room::Unpublish(RoomMember& member, std::string_view stream_id) {
  User& user = Get(member);
  const auto found = std::ranges::find_if(user.streams, ById(stream_id));
  if (found == user.streams.end()) {
    return Refuse(SignalingError::kNoSuchStream, "unpublish: no such stream of yours");
  }
  const StreamKey key = found->key;
  user.streams.erase(found);
  Broadcast(member, StreamRemoved(user.user_id, stream_id));
  return key;
}

std::expected<void, Refusal> Room::SetMuted(RoomMember& member, std::string_view stream_id,
                                            bool muted) {
  User& user = Get(member);
  const auto found = std::ranges::find_if(user.streams, ById(stream_id));
  if (found == user.streams.end()) {
    return Refuse(SignalingError::kNoSuchStream, "update-stream: no such stream of yours");
  }
  if (found->info.muted == muted) return {};
  found->info.muted = muted;
  Broadcast(member, StreamUpdated(user.user_id, *found));
  return {};
}

std::expected<const Publication*, Refusal> Room::Find(const RoomMember& member,
                                                      std::string_view stream_id) const {
  for (const auto& user : users_) {
    if (user->member == &member) continue;
    const auto found = std::ranges::find_if(user->streams, ById(stream_id));
    if (found != user->streams.end()) return &*found;
  }
  return Refuse(SignalingError::kNoSuchStream, "no such stream of another user in this room");
}

}  // namespace ferry::gateway
