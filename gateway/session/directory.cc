#include "gateway/session/directory.h"

#include <fmt/format.h>

namespace ferry::gateway {

void LocalDirectory::AskToEnter(const RoomKey&, const std::string&, Answer answer) {
  answer(nullptr);
}

void LocalDirectory::AskToResume(const ResumeTokenName& session, Answer answer) {
  if (!session.node || *session.node == node_) return answer(nullptr);
  answer(std::unexpected(
      Refusal{std::nullopt, static_cast<int>(SignalingError::kCannotResume),
              fmt::format("resume: this session is on node {}, and this is node {}; join again",
                          *session.node, node_)}));
}

}  // namespace ferry::gateway
