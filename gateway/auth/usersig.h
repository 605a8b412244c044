// UserSig (TLSSigAPIv2): the token an application's server signs so that its user may enter.
//
// A token is a JSON object, deflated (RFC 1950), in base64 whose `+ / =` are written `* - _`. Its
// TLS.sig is an HMAC-SHA256, keyed by the application's secret, over the other members.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/units.h"

namespace ferry::gateway {

// Why a token is refused; the values are those the client sees (docs/protocol.md §2.3).
enum class UserSigError {
  kExpired = 70001,
  kEmpty = 70002,
  kTruncated = 70003,
  kMalformed = 70004,
  kWrongSignature = 70009,
  kOtherUser = 70013,
  kOtherApp = 70014,
  kUnknownApp = 70020,
};

// The longest token that is looked at, and the most it may inflate to: a genuine one has a few
// hundred bytes.
inline constexpr size_t kMaxUserSigBytes = 4096;
inline constexpr size_t kMaxUserSigJsonBytes = 8192;

// How much later than its expiry a token still serves, and how far ahead it may be issued: the
// clocks of signer and gateway differ.
inline constexpr int64_t kExpirySkewSeconds = 60;
inline constexpr int64_t kIssueSkewSeconds = 300;
inline constexpr int64_t kDefaultUserSigLifetimeSeconds = 180 * 86400;

struct UserSig {
  std::string user_id;
  uint32_t sdk_app_id = 0;
  int64_t issued_s = 0;                           // Unix time
  int64_t lifetime_s = 0;                         // after `issued_s`
  std::optional<std::string> user_buffer_base64;  // as it stands in the token
  std::string signature_base64;
};

struct UserSigRefusal {
  UserSigError code;
  std::string message;  // what was wrong, without the token itself
};

// Decodes the envelope and reads the members; says nothing about the signature.
std::expected<UserSig, UserSigRefusal> DecodeUserSig(std::string_view token);

// Checks a token for `user_id` of application `sdk_app_id` with the secret `key` at `now_s` (Unix
// time). On success, what the token says.
std::expected<UserSig, UserSigRefusal> VerifyUserSig(std::string_view token, uint32_t sdk_app_id,
                                                     std::string_view user_id, std::string_view key,
                                                     int64_t now_s,
                                                     int64_t expiry_skew_s = kExpirySkewSeconds);

// Makes a token. `user_buffer` is raw bytes (a room permission ticket), usually absent.
std::string SignUserSig(uint32_t sdk_app_id, std::string_view key, std::string_view user_id,
                        int64_t now_s, int64_t lifetime_s,
                        std::optional<std::string_view> user_buffer = std::nullopt);

// TLS.sig for the given members.
std::string UserSigSignature(const UserSig& members, std::string_view key);

}  // namespace ferry::gateway
