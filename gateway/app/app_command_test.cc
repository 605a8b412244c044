#include "gateway/app/app_command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/testing/temporary_folder.h"

namespace ferry::gateway {
namespace {

class AppCommandTest : public ::testing::Test {
 protected:
  // What it prints, or its error.
  std::string Run(std::vector<std::string> arguments) {
    CLI::App program;
    AppCommand command;
    DeclareAppCommand(program, command);
    std::ranges::reverse(arguments);
    try {
      program.parse(arguments);
    } catch (const CLI::ParseError& error) {
      return error.what();
    }
    std::ostringstream out;
    const auto done = RunAppCommand(command, *store, out);
    return done ? out.str() : done.error().message;
  }

  const TemporaryFolder folder;
  std::optional<AppStore> store{std::move(*AppStore::Open(folder.path() / "ferry.db"))};
};

TEST_F(AppCommandTest, AddsChangesListsAndRemoves) {
  const std::string added = Run({"app", "add", "--name", "shop"});
  const std::string secret = store->Find(1'400'000'002)->secret;
  EXPECT_EQ(added, "sdkAppId 1400000002\nsecret " + secret + "\n");
  EXPECT_EQ(Run({"app", "add", "--name", "bank", "--app", "77"}).find("sdkAppId 77\n"), 0u);
  EXPECT_EQ(Run({"app", "set", "--app", "77", "--status", "suspended", "--permission-control", "on",
                 "--name", "the bank", "--max-users", "500", "--max-rooms", "20"}),
            "");
  EXPECT_EQ(Run({"app", "list"}),
            "sdkAppId\tstatus\tpermission-control\tmax-users\tmax-rooms\tname\n"
            "77\tsuspended\ton\t500\t20\tthe bank\n"
            "1400000001\tactive\toff\t0\t0\tdemo\n"
            "1400000002\tactive\toff\t0\t0\tshop\n");
  const std::string renewed = Run({"app", "set", "--app", "1400000002", "--new-secret"});
  EXPECT_NE(store->Find(1'400'000'002)->secret, secret);
  EXPECT_NE(renewed.find(store->Find(1'400'000'002)->secret), std::string::npos);
  EXPECT_EQ(Run({"app", "remove", "--app", "77"}), "");
  EXPECT_FALSE(store->Find(77));
}

TEST_F(AppCommandTest, RefusesInWords) {
  EXPECT_EQ(Run({"app", "set", "--app", "5", "--name", "x"}), "there is no application 5");
  EXPECT_EQ(Run({"app", "remove", "--app", "5"}), "there is no application 5");
  EXPECT_EQ(Run({"app", "add", "--name", "x", "--app", "1400000001"}),
            "there is an application 1400000001 already");
  EXPECT_EQ(Run({"app", "add", "--name", ""}),
            "an application's name has 1 to 128 bytes, this one 0");
  EXPECT_NE(Run({"app", "set", "--app", "1400000001", "--status", "gone"}).find("--status"),
            std::string::npos);
  for (const char* quota : {"-1", "many", "1000000001"}) {
    EXPECT_NE(Run({"app", "set", "--app", "1400000001", "--max-users", quota}), "") << quota;
  }
  EXPECT_EQ(store->Find(1'400'000'001)->quota.max_users, 0u);
  EXPECT_NE(Run({"app"}), "");
  EXPECT_NE(Run({"app", "remove"}).find("--app is required"), std::string::npos);
}

}  // namespace
}  // namespace ferry::gateway
