// The rooms and sessions of one shard: who is in them, who is told what. Control alone; media never
// comes here. One lock guards it all: most requests need a few microseconds of it, the longest
// holder (an announcement to a room of 1 000) about 100. Who needs two shards locks the lower
// first.
//
// A worker that changes a session of another posts it there: the other's thread looks at it (see
// SessionWorker::Process), sends what waits in its log, closes its connection or gives up its
// media. Nothing is logged or encoded, and no media is made or taken apart, with a shard locked.
#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/units.h"
#include "gateway/base/metrics.h"
#include "gateway/room/room_registry.h"
#include "gateway/session/control_budget.h"
#include "gateway/session/departed_budgets.h"
#include "gateway/session/directory.h"
#include "gateway/session/ended_sessions.h"
#include "gateway/session/grace_list.h"
#include "gateway/session/session.h"
#include "gateway/session/session_limits.h"
#include "gateway/session/worker_mail.h"

namespace spdlog {
class logger;
}

namespace ferry::gateway {

class ControlShard {
 public:
  // What all shards have in common; outlives them.
  struct Common {
    const SessionLimits& limits;
    spdlog::logger& log;
    RoomRegistry& rooms;
    WorkerMail& mail;
    GraceList& grace;
    DepartedBudgets& departed;
    const std::atomic<bool>& draining;
  };

  ControlShard(unsigned index, const Common& common, uint64_t seed)
      : index_(index), common_(common), random_(seed) {}

  // Locks the shard; afterwards sessions that cannot go on have ended, and without the lock workers
  // with mail are woken and what there is to log is logged. Not recursive.
  class Guard {
   public:
    explicit Guard(ControlShard& shard) : shard_(shard), lock_(shard.mutex_) {}
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    ControlShard& shard_;
    std::unique_lock<std::mutex> lock_;
  };

  unsigned index() const { return index_; }
  const SessionLimits& limits() const { return common_.limits; }
  const Metrics& metrics() const { return metrics_; }

  // Everything below wants a Guard.

  struct Entrant {
    const JoinRequest& join;  // the userSig has been verified
    int64_t request_id = 0;
    Permissions permissions;
    ApplicationQuota quota;
    Directory::Lease lease;
    ControlBudget budget;  // what is left of it; of who was here before it is what he left
    Session::Place place;
  };
  struct Joined {
    std::shared_ptr<Session> session;  // nullptr: the user is not at `former` any more
    std::string token;
    std::vector<UserInfo> users;  // already there, as far as the answer has room for them
  };
  // Into a room of this shard. `former`: where the user is now, and that shard, locked too.
  std::expected<Joined, Refusal> Join(const Entrant& entrant,
                                      const std::optional<RoomRegistry::Place>& former,
                                      ControlShard* former_shard, Timestamp now);
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
  // Ends those of the sessions that are still waited for and for whom it is time.
  void Expire(const std::vector<std::shared_ptr<Session>>& sessions, Timestamp now);
  void SendToAll(const SharedText& text);

  // From Session.
  void OnLogOverflow(Session& session) { overflowed_.push_back(session.shared_from_this()); }
  void OnEvicted(Session& session, EvictReason reason);
  // The worker is to look at the session.
  void Post(Session& session, unsigned worker);

 private:
  std::string NewSessionId();
  // It has ended, and left its room or is about to. The caller keeps it.
  void Finish(Session& session, LeaveReason reason, CloseCode code, std::string_view why);
  // No more is waited for the session.
  void LeaveGrace(Session& session);
  void CutGrace(std::shared_ptr<Session> session, Count& count);
  void Settle();
  void UpdateGauges();
  void PostEverywhere(Session& session);

  const unsigned index_;
  const Common common_;
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, std::shared_ptr<Session>, std::less<>> sessions_;  // by id
  size_t in_grace_ = 0;                                                    // of them
  EndedSessions ended_;
  Timestamp now_;  // when it was told last
  Metrics metrics_;

  // Of one Guard.
  std::shared_ptr<Session> evicted_;  // by a Join of the same user
  std::vector<std::shared_ptr<Session>> overflowed_;
  std::vector<std::shared_ptr<Session>> cut_;  // of other shards, to be ended without this lock
  std::vector<std::string> events_;            // to be logged
  uint64_t posted_ = 0;                        // workers to be woken, by bit
};

}  // namespace ferry::gateway
