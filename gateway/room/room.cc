#include "gateway/room/room.h"

#include <algorithm>
#include <utility>

namespace ferry::gateway {
namespace {

std::unexpected<Refusal> Refuse(SignalingError code, std::string message) {
  return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
}

}  // namespace

std::string ToString(const RoomKey& key) {
  return std::to_string(key.sdk_app_id) + "/" + ToString(key.id);
}

Room::Room(RoomKey key, uint64_t number, Scene scene, const RoomLimits& limits)
    : key_(std::move(key)), number_(number), scene_(scene), limits_(limits) {}

bool Room::full(bool one_leaves) const {
  const size_t limit = scene_ == Scene::kRtc ? limits_.max_rtc_users : limits_.max_live_users;
  return users_.size() >= limit + (one_leaves ? 1 : 0);
}

Room::OwnStream Room::FindOwn(User& user, std::string_view stream_id) {
  return std::ranges::find(user.streams, stream_id, [](const Publication& stream) {
    return std::string_view(stream.info.stream_id);
  });
}

void Room::Broadcast(const User& about, std::string message) {
  const auto shared = std::make_shared<const std::string>(std::move(message));
  for (auto& [entry, user] : users_) {
    if (&user != &about && user.KnowsOf(about)) user.member->Notify(shared);
  }
}

void Room::Enter(RoomMember& member, std::string user_id, Role role) {
  const Entry entry = next_entry_++;
  const auto [place, added] = users_.emplace(
      entry, User{.member = &member, .entry = entry, .user_id = std::move(user_id), .role = role});
  User& user = place->second;
  entries_[&member] = entry;
  // The audience of a live room is not announced.
  if (role != Role::kAnchor) return;
  announced_[entry] = &user;
  Broadcast(user, UserEntered(user.user_id));
}

std::vector<UserInfo> Room::Introduce(const RoomMember& member,
                                      const std::function<bool(const UserInfo&)>& takes) {
  User& user = Get(member);
  std::vector<UserInfo> told;
  for (auto next = announced_.upper_bound(user.told);
       next != announced_.end() && next->first < user.entry; ++next) {
    UserInfo info{next->second->user_id, next->second->streams};
    if (!takes(info)) return told;
    user.told = next->first;
    told.push_back(std::move(info));
  }
  user.told = user.entry;
  return told;
}

bool Room::introduced(const RoomMember& member) const {
  const User& user = users_.at(entries_.at(&member));
  return user.told == user.entry;
}

void Room::Leave(RoomMember& member, LeaveReason reason) {
  const Entry entry = entries_.at(&member);
  User& user = users_.at(entry);
  while (!user.streams.empty()) Remove(user, std::prev(user.streams.end()));
  if (user.role == Role::kAnchor) Broadcast(user, UserLeft(user.user_id, reason));
  announced_.erase(entry);
  entries_.erase(&member);
  users_.erase(entry);
}

std::expected<Publication, Refusal> Room::Publish(RoomMember& member, const PublishRequest& request,
                                                  Publication stream) {
  User& user = Get(member);
  if (user.role == Role::kAudience) {
    return Refuse(SignalingError::kNotAllowed, "publish: the audience does not publish");
  }
  const bool taken = std::ranges::any_of(user.streams, [&](const Publication& other) {
    return other.info.kind == request.kind && other.info.source == request.source;
  });
  if (taken) {
    return Refuse(SignalingError::kAlreadyPublished,
                  "publish: this kind and source is already published");
  }
  if (user.streams.empty() && publishing_users_ >= limits_.max_publishers) {
    return Refuse(SignalingError::kTooManyStreams,
                  "publish: " + std::to_string(limits_.max_publishers) +
                      " users publish in this room already, which is its limit");
  }
  stream.info = {.stream_id = "s" + std::to_string(next_stream_++),
                 .kind = request.kind,
                 .source = request.source,
                 .codec = request.codec,
                 .muted = request.muted};
  stream.room = number_;
  if (user.streams.empty()) ++publishing_users_;
  user.streams.push_back(stream);
  publishers_[stream.info.stream_id] = &user;
  Broadcast(user, StreamAdded(user.user_id, stream));
  return stream;
}

void Room::Remove(User& user, OwnStream stream) {
  const Publication removed = std::move(*stream);
  user.streams.erase(stream);
  if (user.streams.empty()) --publishing_users_;
  publishers_.erase(removed.info.stream_id);
  for (auto& [entry, other] : users_) {
    if (&other != &user) other.member->OnStreamRemoved(removed.key);
  }
  Broadcast(user, StreamRemoved(user.user_id, removed.info.stream_id));
}

std::expected<StreamKey, Refusal> Room::Unpublish(RoomMember& member, std::string_view stream_id) {
  User& user = Get(member);
  const auto found = FindOwn(user, stream_id);
  if (found == user.streams.end()) {
    return Refuse(SignalingError::kNoSuchStream, "unpublish: no such stream of yours");
  }
  const StreamKey key = found->key;
  Remove(user, found);
  return key;
}

std::expected<void, Refusal> Room::SetMuted(RoomMember& member, std::string_view stream_id,
                                            bool muted) {
  User& user = Get(member);
  const auto found = FindOwn(user, stream_id);
  if (found == user.streams.end()) {
    return Refuse(SignalingError::kNoSuchStream, "update-stream: no such stream of yours");
  }
  if (found->info.muted == muted) return {};
  found->info.muted = muted;
  Broadcast(user, StreamUpdated(user.user_id, *found));
  return {};
}

std::expected<Room::Found, Refusal> Room::Find(const RoomMember& member,
                                               std::string_view stream_id) const {
  const auto publisher = publishers_.find(std::string(stream_id));
  if (publisher == publishers_.end() || publisher->second->member == &member) {
    return Refuse(SignalingError::kNoSuchStream, "no such stream of another user in this room");
  }
  User& user = *publisher->second;
  return Found{*FindOwn(user, stream_id), *user.member};
}

}  // namespace ferry::gateway
