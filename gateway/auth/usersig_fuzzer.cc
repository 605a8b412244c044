// Any token, and any JSON inside one: what is accepted is what the key's owner signed, member for
// member, in its time and for its user and application alone; and whatever user a token is made
// for, it verifies, and with a character altered it never says anything else.
//
// An input that begins with '{' is JSON to be put into a token, else it is the token itself.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/base64.h"
#include "core/base/testing/check.h"
#include "gateway/auth/usersig.h"
#include "gateway/testing/usersig_envelope.h"
#include "gateway/testing/usersig_vectors.h"

namespace {

using namespace ferry;
using namespace ferry::gateway;

constexpr std::string_view kOtherKey = "a secret the fuzzer does not know";

std::expected<UserSig, UserSigRefusal> Verify(std::string_view token, const UserSig& as,
                                              int64_t now_s) {
  return VerifyUserSig(token, as.sdk_app_id, as.user_id, kVectorKey, now_s);
}

bool SameMembers(const UserSig& a, const UserSig& b) {
  return a.user_id == b.user_id && a.sdk_app_id == b.sdk_app_id && a.issued_s == b.issued_s &&
         a.lifetime_s == b.lifetime_s && a.user_buffer_base64 == b.user_buffer_base64;
}

// The only tokens that were ever signed with kVectorKey: nobody else can make another.
bool IsPublished(const UserSig& sig) {
  return std::ranges::any_of(kUserSigVectors, [&](const UserSigVector& vector) {
    const std::string buffer = Base64Encode(FromHex(vector.user_buffer_hex));
    return sig.user_id == vector.user && sig.sdk_app_id == kVectorApp &&
           sig.issued_s == kVectorTime && sig.lifetime_s == vector.lifetime_s &&
           sig.user_buffer_base64.has_value() == !buffer.empty() &&
           sig.user_buffer_base64.value_or("") == buffer &&
           Base64Decode(sig.signature_base64) == Base64Decode(vector.signature);
  });
}

void CheckRefused(std::string_view token, uint32_t app, std::string_view user, std::string_view key,
                  int64_t now_s, UserSigError code) {
  const auto refused = VerifyUserSig(token, app, user, key, now_s);
  Check(!refused && refused.error().code == code && !refused.error().message.empty());
}

// What holds of every token that is accepted.
void CheckAccepted(std::string_view token, const UserSig& sig) {
  Check(token.size() <= kMaxUserSigBytes);
  const std::string& user = sig.user_id;
  const uint32_t app = sig.sdk_app_id;
  const int64_t issued = sig.issued_s;
  const int64_t first = issued - kIssueSkewSeconds;
  const int64_t last = issued + sig.lifetime_s + kExpirySkewSeconds;
  Check(Verify(token, sig, first).has_value() && Verify(token, sig, last).has_value());
  CheckRefused(token, app, user, kVectorKey, first - 1, UserSigError::kExpired);
  CheckRefused(token, app, user, kVectorKey, last + 1, UserSigError::kExpired);
  CheckRefused(token, app + 1, user, kVectorKey, issued, UserSigError::kOtherApp);
  CheckRefused(token, app, user + "x", kVectorKey, issued, UserSigError::kOtherUser);
  CheckRefused(token, app, user, kOtherKey, issued, UserSigError::kWrongSignature);
}

// One character of the token becomes another: it is refused, or says what it said before (base64
// and deflate write some things in more than one way).
void CheckAltered(std::string token, const UserSig& sig, size_t at, char to) {
  token[at % token.size()] = to;
  const auto accepted = Verify(token, sig, sig.issued_s);
  Check(!accepted || SameMembers(*accepted, sig));
}

void CheckSigning(std::string_view user, int64_t lifetime_s) {
  const std::string token = SignUserSig(kVectorApp, kVectorKey, user, kVectorTime, lifetime_s,
                                        user.size() % 2 == 0 ? std::optional(user) : std::nullopt);
  const auto signed_sig = DecodeUserSig(token);
  // JSON has no way to write what is not UTF-8.
  if (!signed_sig || signed_sig->user_id != user) return;
  const auto accepted = Verify(token, *signed_sig, kVectorTime);
  Check(accepted && SameMembers(*accepted, *signed_sig));
  Check(accepted->lifetime_s == lifetime_s && accepted->issued_s == kVectorTime);
  if (accepted->user_buffer_base64) Check(Base64Decode(*accepted->user_buffer_base64) == user);
  CheckAccepted(token, *accepted);
  const auto last = static_cast<uint8_t>(user.back());
  for (size_t i = 0; i < 8; ++i) {
    CheckAltered(token, *accepted, last + 37 * i, "AZaz09*-"[(last + i) % 8]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string token = input.starts_with('{') ? UserSigEnvelope(input) : std::string(input);
  if (const auto sig = DecodeUserSig(token)) {
    Check(!VerifyUserSig(token, sig->sdk_app_id, sig->user_id, kOtherKey, sig->issued_s));
    const auto accepted = Verify(token, *sig, sig->issued_s);
    Check(accepted.has_value() == IsPublished(*sig));
    if (accepted) CheckAccepted(token, *sig);
  }
  if (!input.empty()) CheckSigning(input.substr(0, 128), static_cast<int64_t>(size) * 977);
  return 0;
}
