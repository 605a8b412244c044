// What all workers share: the rooms, the sessions, and who is told what. Control alone; media never
// comes here. One mutex guards it all: most requests need a few microseconds of it, the longest
// holder (an announcement to a room of 1 000) about 100.
//
// A worker that changes a session of another posts it there: the other's thread looks at it (see
// SessionWorker::Process), sends what waits in its log, closes its connection or gives up its
// media. Nothing is logged and no media is made or taken apart under the mutex.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "gateway/base/metrics.h"
#include "gateway/room/room_registry.h"
#include "gateway/session/control_budget.h"
#include "gateway/session/grace_list.h"
#include "gateway/session/replaced_sessions.h"
#include "gateway/session/session.h"
#include "gateway/session/session_limits.h"

namespace spdlog {
class logger;
}

namespace ferry::gateway {

class ControlPlane {
 public:
  static constexpr size_t kMaxWorkers = 64;  // bits of Session::posted_

  // `limits` outlive it.
  ControlPlane(const RoomRegistry::Limits& rooms, const SessionLimits& limits, spdlog::logger& log,
               uint64_t seed);

  // Before any thread starts. `wake` asks that the worker's mail be taken soon; it is called from
  // any thread, and not again before TakeMail was.
  unsigned AddWorker(std::function<void()> wake);

  // Locks the control plane; afterwards sessions that cannot go on have ended, and without the lock
  // workers with mail are woken and what there is to log is logged. Not recursive.
  class Guard {
   public:
    explicit Guard(ControlPlane& control) : control_(control), lock_(control.mutex_) {}
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    ControlPlane& control_;
    std::unique_lock<std::mutex> lock_;
  };

  // Everything below wants a Guard.

  struct Joined {
    std::shared_ptr<Session> session;
    std::string token;
    std::vector<UserInfo> users;  // already there, as far as the answer has room for them
  };
  struct Entrant {
    const JoinRequest& join;  // the userSig has been verified
    int64_t request_id = 0;
    Permissions permissions;
    ControlBudget budget;  // what is left of it; of a user who replaces himself it is the former's
    Session::Place place;
  };
  std::expected<Joined, Refusal> Join(const Entrant& entrant, Timestamp now);
  struct Resumed {
    std::shared_ptr<Session> session;
    std::string token;
  };
  // Its former connection, if it still lives, is told to close.
  std::expected<Resumed, Refusal> Resume(const ResumeRequest& resume, const Session::Place& place,
                                         Timestamp now);
  // The present connection is lost: the session waits to be resumed. Where too many wait already,
  // in all or of its address, the one that has waited longest ends.
  void Detach(Session& session, Timestamp now);
  // Out of its room; its connection is told to close.
  void End(Session& session, LeaveReason reason, CloseCode code, std::string_view why);
  // Ends those that were not resumed in time.
  void ExpireGrace(Timestamp now);

  // From Session::GiveUp.
  void OnLogOverflow(Session& session) { overflowed_.push_back(session.shared_from_this()); }
  void CountKick() { metrics_.kicks.Add(); }
  // From Session::Evict, in a Join of the same user.
  void OnReplaced(Session& session) { replaced_by_join_ = session.shared_from_this(); }
  // The worker is to look at the session.
  void Post(Session& session, unsigned worker);
  std::vector<std::shared_ptr<Session>> TakeMail(unsigned worker);

  // No more joins; tells every client.
  void BeginDrain();
  bool draining() const { return draining_; }
  // Sessions with a connection.
  size_t attached() const { return sessions_.size() - grace_.size(); }

  RoomRegistry& rooms() { return rooms_; }
  StreamId NewStreamId() { return {limits_.node, next_stream_++}; }
  const SessionLimits& limits() const { return limits_; }
  const Metrics& metrics() const { return metrics_; }  // without the lock, too

 private:
  // No more is waited for the session.
  void LeaveGrace(Session& session);
  void CutGrace(Session& session, Count& count);
  void Settle();
  void UpdateGauges();
  void PostEverywhere(Session& session);

  std::mutex mutex_;
  const SessionLimits& limits_;
  spdlog::logger& log_;
  RoomRegistry rooms_;
  std::mt19937_64 random_;
  std::map<std::string, std::shared_ptr<Session>, std::less<>> sessions_;  // by id
  GraceList grace_;
  ReplacedSessions replaced_;
  std::shared_ptr<Session> replaced_by_join_;  // while Join runs
  std::vector<std::shared_ptr<Session>> overflowed_;
  std::vector<std::string> events_;  // to be logged; of one Guard
  uint64_t next_stream_ = 1;
  bool draining_ = false;
  Metrics metrics_;

  struct Mailbox {
    std::function<void()> wake;
    // Each once (Session::posted_): no more than the worker has, and has had since it last looked.
    std::vector<std::shared_ptr<Session>> sessions;
    bool woken = false;
  };
  std::vector<Mailbox> mail_;
};

}  // namespace ferry::gateway
