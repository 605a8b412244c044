// One room: who is in it, what they publish, and who is told of it. Media is forwarded elsewhere.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gateway/room/participant.h"
#include "gateway/room/room_event.h"
#include "gateway/sfu/stream.h"
#include "gateway/signaling/messages.h"

namespace ferry::gateway {

struct RoomKey {
  uint32_t sdk_app_id = 0;
  RoomId id;
  auto operator<=>(const RoomKey&) const = default;
};
std::string ToString(const RoomKey& key);

struct RoomLimits {
  size_t max_rtc_users = 300;
  size_t max_live_users = 100'000;
  size_t max_publishers = 50;
  // Recorders and the like; each is told of everything.
  size_t max_hidden = 16;
  // Users who left, and of whom some have yet to be told: more than a gateway has users by
  // default. At it those are given up who are furthest behind.
  size_t max_departures = 16'384;
};

class Room {
 public:
  // `number` is unique in the process.
  Room(RoomKey key, uint64_t number, Scene scene, const RoomLimits& limits);

  const RoomKey& key() const { return key_; }
  uint64_t number() const { return number_; }
  // Users: who is hidden is none.
  size_t size() const { return users_.size() - hidden_.size(); }
  // Who is in it without being one of its users.
  std::vector<Participant*> hidden() const { return {hidden_.begin(), hidden_.end()}; }
  // With one of its users gone when `one_leaves`.
  bool full(bool one_leaves) const;
  bool full_of_hidden() const { return hidden_.size() >= limits_.max_hidden; }

  // A room may have more users than a participant's log holds, and all may enter or leave at once.
  // So participants are told of them as their logs have room: each of the announced users in the
  // order of entering, and of what happens to one not before it has been told of that one. Who
  // leaves before that is not mentioned at all.

  // Tells those already here. The caller has checked full() and that the participant is not in yet.
  void Enter(Participant& participant, ParticipantInfo info);
  // The next of the others (as far as they are announced) whom the participant has not been told
  // of, as they are now, while `takes` says so.
  std::vector<UserInfo> Introduce(const Participant& participant,
                                  const std::function<bool(const UserInfo&)>& takes);
  // Tells the participant of the next `count` who have left or entered without its being told.
  void CatchUp(Participant& participant, size_t count);
  // Whether there is nobody of whom it has yet to be told.
  bool up_to_date(const Participant& participant) const {
    return current_.contains(entries_.at(&participant));
  }
  // Ends the participant's streams, then tells the others.
  void Leave(Participant& participant, LeaveReason reason);

  // `stream` has its key and its encodings' SSRCs; the room gives it a name.
  std::expected<Publication, Refusal> Publish(Participant& participant,
                                              const PublishRequest& request, Publication stream);
  // Ends the stream; returns what it was.
  std::expected<StreamId, Refusal> Unpublish(Participant& participant, std::string_view stream_id);
  std::expected<void, Refusal> SetMuted(Participant& participant, std::string_view stream_id,
                                        bool muted);

  struct Found {
    const Publication& stream;
    Participant& publisher;
  };
  // A stream of somebody other than `participant`, to be subscribed to.
  std::expected<Found, Refusal> Find(const Participant& participant,
                                     std::string_view stream_id) const;

 private:
  using Entry = uint64_t;  // counts those who entered
  struct User {
    Participant* participant;
    Entry entry;
    ParticipantInfo info;
    std::vector<Publication> streams;  // at most one of each kind and source
    Entry told = 0;                    // up to which it was told of the others
    uint64_t departure = 0;            // while it is behind: number of the next it is told of

    bool KnowsOf(Entry other) const { return other <= told; }
    // The audience of a live room is not, nor who is hidden.
    bool announced() const { return info.role == Role::kAnchor && !info.hidden; }
  };
  struct Departure {
    Entry entry;
    SharedRoomEvent event;
  };
  using OwnStream = std::vector<Publication>::iterator;

  // Who has entered first has said what the room is; in an rtc room nobody goes unseen.
  Role RoleHere(Role asked) const { return scene_ == Scene::kRtc ? Role::kAnchor : asked; }
  User& Get(const Participant& participant) { return users_.at(entries_.at(&participant)); }
  uint64_t next_departure() const { return first_departure_ + departures_.size(); }
  // streams.end() when it is not one of the user's.
  static OwnStream FindOwn(User& user, std::string_view stream_id);
  void Remove(User& user, OwnStream stream);
  // What happens to a user, to all others who know of it.
  void Broadcast(const User& about, RoomEvent::Body body);
  // Tells those who are up to date, and who have then been told of all up to `newest`.
  void Announce(const SharedRoomEvent& event, Entry newest);
  std::vector<UserInfo> Introduce(User& user, const std::function<bool(const UserInfo&)>& takes);
  void TellMissed(User& user, size_t count);
  void TellOfEntering(const User& user);
  void TellOfLeaving(const User& user, LeaveReason reason);
  // Into current_ or behind_, by what the user has been told, and out again before that changes.
  void List(User& user);
  void Unlist(User& user);
  void FallBehind(User& user);
  void GiveUpSlowest();
  // Forgets those of whom everybody has been told.
  void TrimDepartures();

  const RoomKey key_;
  const uint64_t number_;
  const Scene scene_;
  const RoomLimits limits_;
  std::map<Entry, User> users_;
  std::unordered_map<const Participant*, Entry> entries_;
  std::map<Entry, const User*> announced_;  // all but the audience
  Entry last_announced_ = 0;                // who may have left since
  // Those who have been told of everybody, and the others by the departure each is told of next: a
  // crowd that leaves walks the first alone, and how far back the others are needs no walk.
  std::map<Entry, User*> current_;
  std::set<std::pair<uint64_t, Entry>> behind_;
  std::multiset<Entry> told_behind_;                   // User::told of those in behind_
  std::deque<Departure> departures_;                   // of which some of behind_ are to be told
  uint64_t first_departure_ = 0;                       // number of departures_.front()
  std::unordered_map<std::string, User*> publishers_;  // by stream id
  std::set<Participant*> hidden_;
  size_t publishing_users_ = 0;
  Entry next_entry_ = 1;
  uint64_t next_stream_ = 1;
};

}  // namespace ferry::gateway
