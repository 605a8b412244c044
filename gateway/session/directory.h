// Who is asked before anybody enters a room here or comes back to a session: where several gateways
// serve the same applications, one of them may have the room, the user or the session already.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>

#include "gateway/room/room.h"
#include "gateway/session/resume_token.h"
#include "gateway/signaling/messages.h"

namespace ferry::gateway {

class Directory {
 public:
  // What an entrance is granted with, if the directory has something to be told by: held until the
  // session has ended, or the entrance has come to nothing, and let go of once, on any thread and
  // with a shard locked. It must not wait then either.
  using Lease = std::shared_ptr<const void>;
  // Here it is; or why it is not to be. For a session that is there nothing is leased.
  using Verdict = std::expected<Lease, Refusal>;
  // Called once: at once, from within the question, or later, from any thread. Until then the
  // connection waits, no longer than a client has to join.
  using Answer = std::function<void(Verdict)>;

  virtual ~Directory() = default;
  // From any worker's thread, as all below: must not wait.
  virtual void AskToEnter(const RoomKey& room, const std::string& user_id, Answer answer) = 0;
  virtual void AskToResume(const ResumeTokenName& session, Answer answer) = 0;
};

// Of a gateway that is alone: all that is anywhere is here. Answers at once.
class LocalDirectory final : public Directory {
 public:
  explicit LocalDirectory(uint32_t node) : node_(node) {}
  void AskToEnter(const RoomKey& room, const std::string& user_id, Answer answer) override;
  void AskToResume(const ResumeTokenName& session, Answer answer) override;

 private:
  const uint32_t node_;
};

}  // namespace ferry::gateway
