// A user's stay in a room, over whatever connections: docs/protocol.md §1.2. It belongs to its
// room's shard, and every call wants that locked, but for those that say otherwise.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/base/units.h"
#include "gateway/room/room_registry.h"
#include "gateway/session/control_budget.h"
#include "gateway/session/control_log.h"
#include "gateway/session/directory.h"
#include "gateway/session/grace_list.h"
#include "gateway/session/media_endpoint.h"
#include "gateway/session/resume_token.h"

namespace ferry::gateway {

class ControlShard;
class SessionConnection;

class Session final : public Participant, public std::enable_shared_from_this<Session> {
 public:
  // A connection, and the worker whose thread alone may call it.
  struct Place {
    unsigned worker = 0;
    SessionConnection* connection = nullptr;
    AddressKey address;  // it came from
  };
  // What its connection is to be closed with.
  struct Ending {
    CloseCode code;
    std::string reason;
  };

  Session(ControlShard& shard, std::string id, RoomKey room, std::string user_id,
          const ControlBudget& budget, uint32_t first_ssrc);

  ControlShard& shard() const { return shard_; }           // without the lock, too
  const std::string& id() const { return id_; }            // likewise
  const std::string& user_id() const { return user_id_; }  // likewise
  const RoomKey& room_key() const { return room_key_; }    // likewise, and when it has ended
  // nullptr once it has ended.
  Room* room() const { return room_; }
  const std::optional<Ending>& ending() const { return ending_; }

  ControlBudget& budget() { return budget_; }
  // Of its user among all, whatever the room.
  RoomRegistry::UserKey user_key() const { return {room_key_.sdk_app_id, user_id_}; }
  // False when the request was handled before; from now on this one was.
  bool Accept(int64_t request_id);
  int64_t last_request() const { return last_request_; }

  // Who was in the room before, as many as the answer to `join` has room for. The others, and who
  // enters or leaves while the log is half full, follow when it has nothing else to send.
  std::vector<UserInfo> Present();

  // Participant.
  Home home() const override;
  void OnEvent(const SharedRoomEvent& event) override { Send(event); }
  bool OnPresence(const SharedRoomEvent& event) override;
  void GiveUp() override;
  void OnStreamEnded(StreamId stream) override;
  void OnEvicted(EvictReason reason) override;
  // A log that is full ends the session, though not from within this.
  void Send(ControlMessage message);

  // The messages that may be sent now over the present connection, with their numbers: as many as
  // its window is open for, the rest when some are acknowledged; `all` before the connection
  // closes.
  std::vector<ControlLog::Entry> FetchLog(bool all);
  // The client has everything up to `seq`. False when that was never sent.
  bool Acknowledge(uint64_t seq);
  // The client has its newest token: the one before resumes nothing any more.
  void ConfirmToken() { former_token_.reset(); }

  // Those that resume it.
  std::vector<ResumeTokenHash> tokens() const;
  // Whether a token with this hash resumes the session, in constant time.
  bool Admits(const ResumeTokenHash& token) const;

  // The present connection; nullptr while there is none.
  SessionConnection* connection() const { return place_ ? place_->connection : nullptr; }
  const std::optional<Place>& place() const { return place_; }
  // Former connections that have yet to be told, of one worker.
  std::vector<SessionConnection*> TakeMoved(unsigned worker);
  // A former connection has ended.
  void Forget(const SessionConnection& connection);

  // The worker with the media: where its endpoint is or will be made.
  unsigned media_worker() const { return media_worker_; }
  void set_media_worker(unsigned worker) { media_worker_ = worker; }
  // To which workers it is posted, by bit: WorkerMail's, with or without the lock.
  std::atomic<uint64_t> posted{0};
  // The media of a session on its way from one worker to another.
  std::unique_ptr<MediaState> parked;

  uint32_t NewSsrc() { return next_ssrc_++; }
  // Streams of which the media is to be told when they end; what else there is to a subscription
  // the media has (MediaEndpoint::Subscribed).
  std::unordered_set<StreamId>& subscribed() { return subscribed_; }
  void EndSubscription(StreamId stream);
  // Streams that were subscribed to and have ended, for the worker with the media. Workers tell
  // each other, too, but not of a stream whose publisher is on its way between them.
  std::vector<StreamId> TakeEndedStreams() { return std::exchange(ended_streams_, {}); }

 private:
  friend class ControlShard;

  // Users told of at a time, each with the streams it has.
  static constexpr size_t kCaughtUpUsers = 16;

  void CatchUp();
  bool behind() const { return behind_ && room_ != nullptr; }
  void OnMoreToSend();

  ControlShard& shard_;
  const std::string id_;
  const RoomKey room_key_;
  const std::string user_id_;
  Room* room_ = nullptr;
  std::optional<Ending> ending_;
  ControlBudget budget_;
  Directory::Lease lease_;
  ControlLog log_;
  bool ending_soon_ = false;  // it is to end, and takes nothing more
  bool behind_ = false;       // there are users of whom the room has yet to tell
  int64_t last_request_ = -1;
  ResumeTokenHash token_{};
  // The one the client resumed with, until it is known to have the newer.
  std::optional<ResumeTokenHash> former_token_;
  std::optional<Place> place_;
  std::vector<Place> moved_;
  std::optional<GraceList::Ticket> grace_;  // while there is no connection
  unsigned media_worker_ = 0;
  uint32_t next_ssrc_;
  std::unordered_set<StreamId> subscribed_;
  std::vector<StreamId> ended_streams_;  // each was a subscription: no more than there may be
};

}  // namespace ferry::gateway
