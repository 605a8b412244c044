// What a client shows to go on with its session after its connection was lost: docs/protocol.md
// §1.2.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::gateway {

// Only the hash is kept: who reads the gateway's memory or a dump of it takes over no session.
// Random and derived from nothing, so that no secret has to outlive a restart for it: the sessions
// do not outlive one either, and their clients join anew.
using ResumeTokenHash = std::array<uint8_t, 32>;  // SHA-256

struct ResumeToken {
  static constexpr size_t kSecretBytes = 32;

  std::string text;
  ResumeTokenHash hash;
};

// "NODE-SESSION.SECRET"; `session_id` is not secret and has no dot. nullopt when the system has no
// randomness to give.
std::optional<ResumeToken> MakeResumeToken(uint32_t node, std::string_view session_id);

// What a token is said to be of; anything may stand there.
struct ResumeTokenName {
  std::optional<uint32_t> node;  // which gateway's
  std::string_view session;
};
ResumeTokenName NameOf(std::string_view token);

ResumeTokenHash HashResumeToken(std::string_view token);
// Takes the same time wherever they differ.
bool SameToken(const ResumeTokenHash& a, const ResumeTokenHash& b);

}  // namespace ferry::gateway
