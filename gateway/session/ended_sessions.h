// The sessions that ended while their clients were away, for those that come back to one of them:
// who was replaced, before his time was up or since, is to be told, and not to take the unknown
// token for a reason to enter anew, which would put out whoever replaced him.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/units.h"
#include "gateway/room/room_registry.h"
#include "gateway/session/resume_token.h"

namespace ferry::gateway {

class EndedSessions {
 public:
  // Of a device that sleeps over night; a token's own life is shorter.
  static constexpr Duration kMemory = Duration::Seconds(12 * 3600);
  // Of one shard; of all some 4 MB. At either limit the oldest is forgotten, of the user or of all:
  // its client enters anew, as if it had been away for longer.
  static constexpr size_t kMaxSessions = 16'384 / RoomRegistry::kShards;
  static constexpr size_t kMaxSessionsOfUser = 8;

  using UserKey = RoomRegistry::UserKey;
  enum class How {
    kReplaced,  // the same user entered again
    kTimedOut,
  };
  struct Ended {
    UserKey user;
    How how;
  };

  void Add(std::string session_id, const Ended& ended, std::vector<ResumeTokenHash> tokens,
           Timestamp now);
  // What became of the session of a client with this token; nullopt: of none that is known.
  std::optional<Ended> Find(std::string_view session_id, const ResumeTokenHash& token,
                            Timestamp now);
  size_t size() const { return sessions_.size(); }

 private:
  struct Entry {
    std::string session_id;
    Ended ended;
    std::vector<ResumeTokenHash> tokens;
    Timestamp until;
  };
  using Sessions = std::list<Entry>;  // the oldest first

  void Expire(Timestamp now);
  void Forget(Sessions::iterator session);

  Sessions sessions_;
  std::unordered_map<std::string_view, Sessions::iterator> by_id_;  // into Entry::session_id
  std::map<UserKey, std::list<Sessions::iterator>> by_user_;        // none of them empty
};

}  // namespace ferry::gateway
