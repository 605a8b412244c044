// The sessions that were replaced, for clients that come back to one of them: they are to be told,
// and not to take the unknown token for a reason to enter anew, which would put out whoever
// replaced them.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/units.h"
#include "gateway/session/resume_token.h"

namespace ferry::gateway {

class ReplacedSessions {
 public:
  // Of a device that sleeps over night; a token's own life is shorter.
  static constexpr Duration kMemory = Duration::Seconds(12 * 3600);
  // Some 4 MB. At either limit the oldest is forgotten, of the user or of all: its client enters
  // anew, as if it had been away for longer.
  static constexpr size_t kMaxSessions = 16'384;
  static constexpr size_t kMaxSessionsOfUser = 8;

  using UserKey = std::pair<uint32_t, std::string>;  // of which application

  void Add(std::string session_id, UserKey user, std::vector<ResumeTokenHash> tokens,
           Timestamp now);
  // Whether a client with this token of that session was replaced.
  bool Admits(std::string_view session_id, const ResumeTokenHash& token, Timestamp now);
  size_t size() const { return sessions_.size(); }

 private:
  struct Replaced {
    std::string session_id;
    UserKey user;
    std::vector<ResumeTokenHash> tokens;
    Timestamp until;
  };
  using Sessions = std::list<Replaced>;  // the oldest first

  void Expire(Timestamp now);
  void Forget(Sessions::iterator session);

  Sessions sessions_;
  std::unordered_map<std::string_view, Sessions::iterator> by_id_;  // into Replaced::session_id
  std::map<UserKey, std::list<Sessions::iterator>> by_user_;        // none of them empty
};

}  // namespace ferry::gateway
