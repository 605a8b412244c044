#include "gateway/auth/usersig.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/base/base64.h"

namespace ferry::gateway {
namespace {

using nlohmann::json;

std::unexpected<UserSigRefusal> Refuse(UserSigError code, std::string message) {
  return std::unexpected(UserSigRefusal{code, std::move(message)});
}

// Inflates at most kMaxUserSigJsonBytes; nullopt when the stream is bad, cut short or larger.
std::optional<std::string> Inflate(std::string_view compressed) {
  std::string out(kMaxUserSigJsonBytes, '\0');
  uLongf size = out.size();
  const int status =
      uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                 reinterpret_cast<const Bytef*>(compressed.data()), compressed.size());
  if (status != Z_OK) return std::nullopt;
  out.resize(size);
  return out;
}

std::string Deflate(std::string_view text) {
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size,
            reinterpret_cast<const Bytef*>(text.data()), text.size(), Z_DEFAULT_COMPRESSION);
  out.resize(size);
  return out;
}

// Signers in other languages write numbers as strings now and then.
std::optional<int64_t> Number(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  if (found->is_number_unsigned()) {
    const uint64_t value = found->get<uint64_t>();
    if (value > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<int64_t>(value);
  }
  if (found->is_number_integer()) return found->get<int64_t>();
  if (!found->is_string()) return std::nullopt;
  const auto& text = found->get_ref<const std::string&>();
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> Text(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::expected<json, UserSigRefusal> DecodeEnvelope(std::string_view token) {
  if (token.empty()) return Refuse(UserSigError::kEmpty, "userSig is empty");
  if (token.size() > kMaxUserSigBytes) {
    return Refuse(UserSigError::kMalformed, "userSig has " + std::to_string(token.size()) +
                                                " characters, more than " +
                                                std::to_string(kMaxUserSigBytes));
  }
  std::string base64(token);
  for (char& c : base64) {
    if (c == '*') c = '+';
    if (c == '-') c = '/';
    if (c == '_') c = '=';
  }
  const auto compressed = Base64Decode(base64);
  if (!compressed) {
    return Refuse(UserSigError::kTruncated, "userSig is not base64: was it copied whole?");
  }
  const auto text = Inflate(*compressed);
  if (!text) return Refuse(UserSigError::kTruncated, "userSig does not inflate: was it cut short?");
  json object = json::parse(*text, nullptr, false);
  if (!object.is_object()) return Refuse(UserSigError::kMalformed, "userSig holds no JSON object");
  return object;
}

}  // namespace

std::expected<UserSig, UserSigRefusal> DecodeUserSig(std::string_view token) {
  const auto object = DecodeEnvelope(token);
  if (!object) return std::unexpected(object.error());
  const auto version = Text(*object, "TLS.ver");
  const auto user = Text(*object, "TLS.identifier");
  const auto app = Number(*object, "TLS.sdkappid");
  const auto time = Number(*object, "TLS.time");
  const auto expire = Number(*object, "TLS.expire");
  const auto signature = Text(*object, "TLS.sig");
  if (version != "2.0") {
    return Refuse(UserSigError::kMalformed, "userSig is not of version 2.0");
  }
  if (!user || !app || !time || !expire || !signature) {
    return Refuse(UserSigError::kMalformed, "userSig lacks a member");
  }
  // Bounds that keep `time + expire` from overflowing, far beyond any real value.
  constexpr int64_t kMaxSeconds = int64_t{1} << 40;
  if (*app < 0 || *app > UINT32_MAX || *time < 0 || *time > kMaxSeconds || *expire < 0 ||
      *expire > kMaxSeconds) {
    return Refuse(UserSigError::kMalformed, "userSig has a number out of range");
  }
  UserSig out;
  out.user_id = *user;
  out.sdk_app_id = static_cast<uint32_t>(*app);
  out.issued_s = *time;
  out.lifetime_s = *expire;
  out.signature_base64 = *signature;
  if (object->contains("TLS.userbuf")) {
    out.user_buffer_base64 = Text(*object, "TLS.userbuf");
    if (!out.user_buffer_base64 || !Base64Decode(*out.user_buffer_base64)) {
      return Refuse(UserSigError::kMalformed,
                    "userSig has a TLS.userbuf that is not a string of base64");
    }
  }
  return out;
}

std::string UserSigSignature(const UserSig& members, std::string_view key) {
  std::string content = "TLS.identifier:" + members.user_id +
                        "\nTLS.sdkappid:" + std::to_string(members.sdk_app_id) +
                        "\nTLS.time:" + std::to_string(members.issued_s) +
                        "\nTLS.expire:" + std::to_string(members.lifetime_s) + "\n";
  if (members.user_buffer_base64) content += "TLS.userbuf:" + *members.user_buffer_base64 + "\n";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(),
       &size);
  return Base64Encode({reinterpret_cast<const char*>(digest.data()), size});
}

std::expected<UserSig, UserSigRefusal> VerifyUserSig(std::string_view token, uint32_t sdk_app_id,
                                                     std::string_view user_id, std::string_view key,
                                                     int64_t now_s, int64_t expiry_skew_s) {
  auto members = DecodeUserSig(token);
  if (!members) return members;
  if (members->sdk_app_id != sdk_app_id) {
    return Refuse(UserSigError::kOtherApp, "userSig was made for sdkAppId " +
                                               std::to_string(members->sdk_app_id) + ", not " +
                                               std::to_string(sdk_app_id));
  }
  if (members->user_id != user_id) {
    return Refuse(UserSigError::kOtherUser, "userSig was made for another userId");
  }
  // Compared as bytes, so that both spellings of base64 padding serve.
  const auto given = Base64Decode(members->signature_base64);
  const auto expected = Base64Decode(UserSigSignature(*members, key));
  if (!given || given->size() != expected->size() ||
      CRYPTO_memcmp(given->data(), expected->data(), expected->size()) != 0) {
    return Refuse(UserSigError::kWrongSignature,
                  "userSig is not signed with this application's secret");
  }
  if (members->issued_s > now_s + kIssueSkewSeconds) {
    return Refuse(UserSigError::kExpired,
                  "userSig was issued in the future: the signing server's clock is ahead by " +
                      std::to_string(members->issued_s - now_s) + " s");
  }
  if (now_s > members->issued_s + members->lifetime_s + expiry_skew_s) {
    return Refuse(UserSigError::kExpired,
                  "userSig expired " +
                      std::to_string(now_s - members->issued_s - members->lifetime_s) + " s ago");
  }
  return members;
}

std::string SignUserSig(uint32_t sdk_app_id, std::string_view key, std::string_view user_id,
                        int64_t now_s, int64_t lifetime_s,
                        std::optional<std::string_view> user_buffer) {
  UserSig members;
  members.user_id = user_id;
  members.sdk_app_id = sdk_app_id;
  members.issued_s = now_s;
  members.lifetime_s = lifetime_s;
  if (user_buffer) members.user_buffer_base64 = Base64Encode(*user_buffer);
  nlohmann::ordered_json object = {{"TLS.ver", "2.0"},
                                   {"TLS.identifier", members.user_id},
                                   {"TLS.sdkappid", members.sdk_app_id},
                                   {"TLS.time", members.issued_s},
                                   {"TLS.expire", members.lifetime_s}};
  if (members.user_buffer_base64) object["TLS.userbuf"] = *members.user_buffer_base64;
  object["TLS.sig"] = UserSigSignature(members, key);
  std::string token =
      Base64Encode(Deflate(object.dump(-1, ' ', false, json::error_handler_t::replace)));
  for (char& c : token) {
    if (c == '+') c = '*';
    if (c == '/') c = '-';
    if (c == '=') c = '_';
  }
  return token;
}

}  // namespace ferry::gateway
