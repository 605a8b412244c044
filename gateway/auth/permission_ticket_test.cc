#include "gateway/auth/permission_ticket.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/base64.h"
#include "gateway/auth/usersig.h"

namespace ferry::gateway {
namespace {

constexpr uint32_t kApp = 1'400'000'000;
constexpr const char* kKey = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
constexpr int64_t kNow = 1'700'000'000;

std::string Unhex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

struct Vector {
  const char* user;
  net::RoomId room;
  int64_t lifetime_s;
  uint32_t bits;
  const char* buffer;  // hex
  const char* token;
};

// Made by npm tls-sig-api-v2 1.0.2 with its clock at kNow.
const std::vector<Vector>& Vectors() {
  static const std::vector<Vector> vectors = {
      {"xiaojun", 10'000u, 300, 255, "0000077869616f6a756e53724e00000027106553f22c000000ff00000000",
       "eJxVjU0LgkAURf-L2xoympUMtHgEWWShJEHutJmxUTPxq5Hov0eWi*7iwj1ncZ8QuEe94xVQMHUCk2FLxotGCjlgJ"
       "aN72hY-VbMsKkvJgBoW*eVrGnnjQI3FP*WqlBUHOh1BW-MqbgVQQMQNd-JrbJZGnB-6IEHE1cUPT17vIiJ69qdxfJ"
       "YJUCDa3trNrXwbrGeZZqeN70S5IiJRzIgePFREhGfBii7MlvB6A36tQqM_"},
      {"u_1-A", 4'294'967'294u, 86'400, 42,
       "000005755f312d4153724e00fffffffe655542800000002a00000000",
       "eJxVjUsLgkAYRf-Lt63Mx1Q24GKgLMkIKYXchDVjDL4fI0b030PTRWdx4Z67uG*42GepYSVgUCUZpn3nlKU1D3mvxU"
       "2ZkWGoaBTkOaeAFSQP-JaaJwywsvq3rM15yQDrSzQqUbHyLkLAQAgxqae3tmteHhEi847E85yMdBR9EsMYv-kTMOgL"
       "cyKulr9TN7522CPHcdfFy7c0pHtWQ08JzY5p4MZqvDXg8wVcoz*j"},
      {"xiaojun", std::string("1000000040"), 300, 255,
       "0100077869616f6a756e53724e00000000006553f22c000000ff00000000000a31303030303030303430",
       "eJxVjk0LgkAYhP-Lew5RC5SFDmulESVaUuTNxdXetDR1-SD675EfhwYGZp65zBu8-UmqeQEEVEmGWd8x5M8KI*xxi0"
       "F2F89xKsMkyHMMgSgLedSwVPjgQBTtn-I2x4IDmU9AlLxgIgIC1KVbbqU3puYKS*3Oi2kv-*x0*19w9AHQrD2saTPY"
       "baYnGAOBzk4pCzDyjp65Sy6*XHJDoFjpdWy1Wmhe51Wykl9GwzZL*HwBBtVIUA__"},
      {"xiaojun", std::string("room A#1"), 300, 42,
       "0100077869616f6a756e53724e00000000006553f22c0000002a000000000008726f6f6d20412331",
       "eJxVjrkOglAURP-lthoiiKIvoXghIBokGhSXDsIFHsoiiwGN-25kKZxq5pxm3nAwLO6JORAQuAmM2808TErmsxbXzE"
       "mjKulV4d2cLGMeEF6c9OlMyWIEwkv-FOuM5QhkOoCqwNytfCBA91TH1T10hYx372ZzCGibq71rjF9R0g7QsHGFZblW"
       "1Wi7l*XhCQuAwM18zIpzrdmmryiRFomXjfOKd2tJP1lUwLk2Eqv0yOMiSGX4fAHpgUcy"},
  };
  return vectors;
}

TEST(PermissionTicket, ReadsTheVectors) {
  for (const Vector& v : Vectors()) {
    const auto ticket = ParsePermissionTicket(Unhex(v.buffer));
    ASSERT_TRUE(ticket) << v.buffer;
    EXPECT_EQ(ticket->user_id, v.user);
    EXPECT_EQ(ticket->sdk_app_id, kApp);
    EXPECT_EQ(ticket->room, v.room);
    EXPECT_EQ(ticket->expires_s, kNow + v.lifetime_s);
    EXPECT_EQ(ticket->permissions.bits, v.bits);
  }
}

TEST(PermissionTicket, ComesSignedInATokenOfItsOwn) {
  for (const Vector& v : Vectors()) {
    const auto verified = VerifyUserSig(v.token, kApp, v.user, kKey, kNow);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_EQ(Base64Decode(*verified->user_buffer_base64), Unhex(v.buffer));
    const auto allowed =
        CheckPermissionTicket(verified->user_buffer_base64, kApp, v.user, v.room, kNow, 0);
    ASSERT_TRUE(allowed) << allowed.error();
    EXPECT_EQ(allowed->bits, v.bits);
  }
}

TEST(PermissionTicket, BytesThatAreNoneAreRefused) {
  for (const Vector& v : Vectors()) {
    const std::string whole = Unhex(v.buffer);
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(ParsePermissionTicket(whole.substr(0, size))) << size;
    }
    EXPECT_FALSE(ParsePermissionTicket(whole + "x"));
    std::string version = whole;
    version[0] = 2;
    EXPECT_FALSE(ParsePermissionTicket(version));
  }
}

TEST(PermissionTicket, IsForOneUserOneRoomAndATime) {
  const Vector& v = Vectors()[0];
  const std::string buffer = Base64Encode(Unhex(v.buffer));
  const auto allows = [](const std::optional<std::string>& base64, uint32_t app,
                         std::string_view user, const net::RoomId& room, int64_t now) {
    return CheckPermissionTicket(base64, app, user, room, now, 60).has_value();
  };
  EXPECT_TRUE(allows(buffer, kApp, v.user, v.room, kNow));
  EXPECT_TRUE(allows(buffer, kApp, v.user, v.room, kNow + 360)) << "clocks differ";
  EXPECT_FALSE(allows(buffer, kApp, v.user, v.room, kNow + 361));
  EXPECT_FALSE(allows(buffer, kApp + 1, v.user, v.room, kNow));
  EXPECT_FALSE(allows(buffer, kApp, "Xiaojun", v.room, kNow));
  EXPECT_FALSE(allows(buffer, kApp, v.user, 10'001u, kNow));
  EXPECT_FALSE(allows(buffer, kApp, v.user, std::string("10000"), kNow)) << "another name space";
  EXPECT_FALSE(allows(std::nullopt, kApp, v.user, v.room, kNow));
  EXPECT_FALSE(allows("AAECAw==", kApp, v.user, v.room, kNow));
  EXPECT_FALSE(allows("?", kApp, v.user, v.room, kNow));
}

TEST(PermissionTicket, WithoutThePrivilegeNobodyEnters) {
  std::string buffer = Unhex(Vectors()[0].buffer);
  buffer[buffer.size() - 5] = '\xfd';
  const auto refused =
      CheckPermissionTicket(Base64Encode(buffer), kApp, "xiaojun", 10'000u, kNow, 0);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("privilege 2"), std::string::npos);
}

}  // namespace
}  // namespace ferry::gateway
