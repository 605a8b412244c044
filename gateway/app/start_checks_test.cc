#include "gateway/app/start_checks.h"

#include <gtest/gtest.h>

namespace ferry::gateway {
namespace {

TEST(StartChecksTest, TheDefaultsAreFineOnAHostThatGivesThemRoom) {
  EXPECT_TRUE(DoubtfulSettings({}, 20'000).empty());
}

TEST(StartChecksTest, TooFewDescriptorsAreSaidWithWhatIsWanted) {
  const auto doubts = DoubtfulSettings({}, 1024);
  ASSERT_EQ(doubts.size(), 1u);
  EXPECT_NE(doubts[0].find("may open 1024 files"), std::string::npos) << doubts[0];
  EXPECT_NE(doubts[0].find("ask for 14256"), std::string::npos) << doubts[0];
  EXPECT_NE(doubts[0].find("LimitNOFILE"), std::string::npos) << doubts[0];
}

TEST(StartChecksTest, MoreUsersThanConnectionsAreSaid) {
  Config config;
  config.rooms.max_users = config.listener.max_connections;
  const auto doubts = DoubtfulSettings(config, 1'000'000);
  ASSERT_EQ(doubts.size(), 1u);
  EXPECT_NE(doubts[0].find("max-users (10000) and max-entering (1000)"), std::string::npos)
      << doubts[0];
}

}  // namespace
}  // namespace ferry::gateway
