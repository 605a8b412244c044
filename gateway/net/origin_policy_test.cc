#include "gateway/net/origin_policy.h"

#include <gtest/gtest.h>

namespace ferry::gateway {
namespace {

TEST(OriginPolicyTest, WithoutAListEveryPageMayConnect) {
  EXPECT_TRUE(OriginPolicy().Allows("https://example.com"));
  EXPECT_TRUE(OriginPolicy().Allows("null"));
  EXPECT_TRUE(OriginPolicy::Parse({})->Allows("https://example.com"));
}

TEST(OriginPolicyTest, ListedOriginsMayAndNoOthers) {
  const auto policy =
      OriginPolicy::Parse({"https://Example.com", "https://b.example:8443", "http://c.test:80"});
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->Allows("https://example.com"));
  EXPECT_TRUE(policy->Allows("https://b.example:8443"));
  EXPECT_TRUE(policy->Allows("http://c.test"));
  for (const char* other :
       {"http://example.com", "https://example.com:8443", "https://b.example", "https://example.co",
        "https://www.example.com", "https://example.com.evil.test", "null", "https://"}) {
    EXPECT_FALSE(policy->Allows(other)) << other;
  }
}

TEST(OriginPolicyTest, AStarStandsForTheFirstLabels) {
  const auto policy = OriginPolicy::Parse({"https://*.example.com"});
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->Allows("https://a.example.com"));
  EXPECT_TRUE(policy->Allows("https://a.b.example.com"));
  for (const char* other : {"https://example.com", "https://.example.com", "http://a.example.com",
                            "https://evilexample.com", "https://a.example.com:8443",
                            "https://a.example.com.evil.test"}) {
    EXPECT_FALSE(policy->Allows(other)) << other;
  }
}

TEST(OriginPolicyTest, WhoSendsNoOriginIsNoBrowser) {
  EXPECT_TRUE(OriginPolicy::Parse({"https://example.com"})->Allows(""));
}

TEST(OriginPolicyTest, RefusesWhatIsNoOrigin) {
  for (const char* bad :
       {"", "*", "example.com", "https://", "https://example.com/", "https://*", "https://*.",
        "https://a*.example.com", "https://*.*.example.com", "https://a.*.example.com"}) {
    const auto policy = OriginPolicy::Parse({bad});
    ASSERT_FALSE(policy) << bad;
    EXPECT_NE(policy.error().message.find(bad), std::string::npos);
  }
  EXPECT_TRUE(OriginPolicy::Parse({"null"})->Allows("null"));
}

}  // namespace
}  // namespace ferry::gateway
