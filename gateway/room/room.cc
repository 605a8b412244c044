#include "gateway/room/room.h"

#include <algorithm>
#include <utility>

namespace ferry::gateway {
namespace {

std::unexpected<Refusal> Refuse(SignalingError code, std::string message) {
  return std::unexpected(Refusal{std::nullopt, static_cast<int>(code), std::move(message)});
}

Permission ToSend(MediaKind kind, MediaSource source) {
  if (kind == MediaKind::kAudio) return Permission::kSendAudio;
  return source == MediaSource::kMain ? Permission::kSendVideo : Permission::kSendSubVideo;
}

Permission ToReceive(const StreamInfo& stream) {
  if (stream.kind == MediaKind::kAudio) return Permission::kReceiveAudio;
  return stream.source == MediaSource::kMain ? Permission::kReceiveVideo
                                             : Permission::kReceiveSubVideo;
}

}  // namespace

std::string ToString(const RoomKey& key) {
  return std::to_string(key.sdk_app_id) + "/" + ToString(key.id);
}

Room::Room(RoomKey key, uint64_t number, Scene scene, const RoomLimits& limits)
    : key_(std::move(key)), number_(number), scene_(scene), limits_(limits) {}

bool Room::full(bool one_leaves) const {
  const size_t limit = scene_ == Scene::kRtc ? limits_.max_rtc_users : limits_.max_live_users;
  return size() >= limit + (one_leaves ? 1 : 0);
}

Room::OwnStream Room::FindOwn(User& user, std::string_view stream_id) {
  return std::ranges::find(user.streams, stream_id, [](const Publication& stream) {
    return std::string_view(stream.info.stream_id);
  });
}

void Room::Broadcast(const User& about, RoomEvent::Body body) {
  const SharedRoomEvent event = MakeRoomEvent(std::move(body));
  for (auto& [entry, user] : users_) {
    if (&user != &about && user.KnowsOf(about.entry)) user.participant->OnEvent(event);
  }
}

void Room::Enter(Participant& participant, ParticipantInfo info) {
  const Entry entry = next_entry_++;
  info.role = RoleHere(info.role);
  if (info.hidden) hidden_.insert(&participant);
  const auto [place, added] = users_.emplace(entry, User{.participant = &participant,
                                                         .entry = entry,
                                                         .info = std::move(info),
                                                         .departure = next_departure()});
  entries_[&participant] = entry;
  if (place->second.announced()) TellOfEntering(place->second);
  List(place->second);
}

void Room::List(User& user) {
  if (user.told >= last_announced_ && user.departure == next_departure()) {
    current_.emplace(user.entry, &user);
  } else {
    FallBehind(user);
  }
}

void Room::Unlist(User& user) {
  if (current_.erase(user.entry) > 0) {
    user.departure = next_departure();
  } else {
    behind_.erase({user.departure, user.entry});
    told_behind_.erase(told_behind_.find(user.told));
  }
}

void Room::FallBehind(User& user) {
  behind_.emplace(user.departure, user.entry);
  told_behind_.insert(user.told);
}

void Room::TellOfEntering(const User& user) {
  Announce(MakeRoomEvent(UserEntered{user.info.user_id}), user.entry);
  announced_[user.entry] = &user;
  last_announced_ = user.entry;
}

void Room::Announce(const SharedRoomEvent& event, Entry newest) {
  for (auto next = current_.begin(); next != current_.end();) {
    User& user = *(next++)->second;
    if (user.participant->OnPresence(event)) {
      user.told = newest;
    } else {
      Unlist(user);
      FallBehind(user);
    }
  }
}

std::vector<UserInfo> Room::Introduce(const Participant& participant,
                                      const std::function<bool(const UserInfo&)>& takes) {
  User& user = Get(participant);
  Unlist(user);
  auto told = Introduce(user, takes);
  List(user);
  return told;
}

std::vector<UserInfo> Room::Introduce(User& user,
                                      const std::function<bool(const UserInfo&)>& takes) {
  std::vector<UserInfo> told;
  for (auto next = announced_.upper_bound(user.told); next != announced_.end(); ++next) {
    if (next->second == &user) continue;
    UserInfo info{next->second->info.user_id, next->second->streams};
    if (!takes(info)) return told;
    user.told = next->first;
    told.push_back(std::move(info));
  }
  user.told = last_announced_;
  return told;
}

void Room::CatchUp(Participant& participant, size_t count) {
  User& user = Get(participant);
  Unlist(user);
  TellMissed(user, count);
  List(user);
  TrimDepartures();
}

void Room::TellMissed(User& user, size_t count) {
  const auto tell = [&user](RoomEvent::Body body) {
    user.participant->OnEvent(MakeRoomEvent(std::move(body)));
  };
  size_t told = 0;
  // Before anybody is introduced: who left may be back.
  for (; user.departure < next_departure(); ++user.departure) {
    const Departure& departure = departures_[user.departure - first_departure_];
    if (!user.KnowsOf(departure.entry)) continue;
    if (told++ == count) return;
    user.participant->OnEvent(departure.event);
  }
  const auto entered = Introduce(user, [&](const UserInfo&) { return told++ < count; });
  for (const UserInfo& info : entered) {
    tell(UserEntered{info.user_id});
    for (const Publication& stream : info.streams) tell(StreamAdded{info.user_id, stream});
  }
}

void Room::Leave(Participant& participant, LeaveReason reason) {
  const Entry entry = entries_.at(&participant);
  User& user = users_.at(entry);
  while (!user.streams.empty()) Remove(user, std::prev(user.streams.end()));
  Unlist(user);
  TrimDepartures();
  if (user.announced()) TellOfLeaving(user, reason);
  announced_.erase(entry);
  hidden_.erase(&participant);
  entries_.erase(&participant);
  users_.erase(entry);
}

void Room::TellOfLeaving(const User& user, LeaveReason reason) {
  const SharedRoomEvent event = MakeRoomEvent(UserLeft{user.info.user_id, reason});
  Announce(event, last_announced_);
  if (told_behind_.empty() || *told_behind_.rbegin() < user.entry) return;
  departures_.push_back({user.entry, event});
  if (departures_.size() > limits_.max_departures) GiveUpSlowest();
}

void Room::GiveUpSlowest() {
  while (!behind_.empty() && behind_.begin()->first == first_departure_) {
    User& user = users_.at(behind_.begin()->second);
    Unlist(user);
    user.participant->GiveUp();
    user.told = last_announced_;
    user.departure = next_departure();
    List(user);
  }
  TrimDepartures();
}

void Room::TrimDepartures() {
  const uint64_t needed = behind_.empty() ? next_departure() : behind_.begin()->first;
  for (; first_departure_ < needed; ++first_departure_) departures_.pop_front();
}

std::expected<Publication, Refusal> Room::Publish(Participant& participant,
                                                  const PublishRequest& request,
                                                  Publication stream) {
  User& user = Get(participant);
  if (!user.announced()) {
    return Refuse(SignalingError::kNotAllowed, "publish: the audience does not publish");
  }
  if (!user.info.permissions.Allow(ToSend(request.kind, request.source))) {
    return Refuse(SignalingError::kNoPermission,
                  "publish: the permission ticket does not allow this kind and source");
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
  Broadcast(user, StreamAdded{user.info.user_id, stream});
  return stream;
}

void Room::Remove(User& user, OwnStream stream) {
  const Publication removed = std::move(*stream);
  user.streams.erase(stream);
  if (user.streams.empty()) --publishing_users_;
  publishers_.erase(removed.info.stream_id);
  for (auto& [entry, other] : users_) {
    if (&other != &user) other.participant->OnStreamEnded(removed.key);
  }
  Broadcast(user, StreamRemoved{user.info.user_id, removed});
}

std::expected<StreamId, Refusal> Room::Unpublish(Participant& participant,
                                                 std::string_view stream_id) {
  User& user = Get(participant);
  const auto found = FindOwn(user, stream_id);
  if (found == user.streams.end()) {
    return Refuse(SignalingError::kNoSuchStream, "unpublish: no such stream of yours");
  }
  const StreamId key = found->key;
  Remove(user, found);
  return key;
}

std::expected<void, Refusal> Room::SetMuted(Participant& participant, std::string_view stream_id,
                                            bool muted) {
  User& user = Get(participant);
  const auto found = FindOwn(user, stream_id);
  if (found == user.streams.end()) {
    return Refuse(SignalingError::kNoSuchStream, "update-stream: no such stream of yours");
  }
  if (found->info.muted == muted) return {};
  found->info.muted = muted;
  Broadcast(user, StreamUpdated{user.info.user_id, *found});
  return {};
}

std::expected<Room::Found, Refusal> Room::Find(const Participant& participant,
                                               std::string_view stream_id) const {
  const auto publisher = publishers_.find(std::string(stream_id));
  if (publisher == publishers_.end() || publisher->second->participant == &participant) {
    return Refuse(SignalingError::kNoSuchStream, "no such stream of another user in this room");
  }
  User& user = *publisher->second;
  const Publication& stream = *FindOwn(user, stream_id);
  if (!users_.at(entries_.at(&participant)).info.permissions.Allow(ToReceive(stream.info))) {
    return Refuse(SignalingError::kNoPermission,
                  "subscribe: the permission ticket does not allow this kind and source");
  }
  return Found{stream, *user.participant};
}

}  // namespace ferry::gateway
