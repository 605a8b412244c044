#include "gateway/app/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ferry::gateway {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  void TearDown() override {
    unsetenv("FERRY_PORT");
    unsetenv("FERRY_DEMO");
    std::filesystem::remove(file);
  }
  void WriteFile(const std::string& text) { std::ofstream(file) << text; }
  static auto Parse(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"ferry-gateway"};
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    return ParseCommandLine(static_cast<int>(argv.size()), argv.data());
  }
  // The port that results, or -1 for an error.
  static int Port(const std::vector<std::string>& arguments) {
    const auto parsed = Parse(arguments);
    return parsed ? parsed->config.port : -1;
  }

  const std::string file = std::filesystem::temp_directory_path() /
                           ("ferry-config-test-" + std::to_string(getpid()) + ".toml");
};

TEST_F(ConfigTest, AFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile) {
  EXPECT_EQ(Port({}), 8443);
  WriteFile("port = 1001\n");
  EXPECT_EQ(Port({"--config", file}), 1001);
  setenv("FERRY_PORT", "1002", 1);
  EXPECT_EQ(Port({"--config", file}), 1002);
  EXPECT_EQ(Port({"--config", file, "--port", "1003"}), 1003);
  EXPECT_EQ(Port({"serve", "--config", file, "--port", "1003"}), 1003);
}

TEST_F(ConfigTest, ReadsEveryKindOfValue) {
  WriteFile(
      "# a comment\n"
      "demo = true\n"
      "listen = \"127.0.0.1\"\n"
      "names = [\"a.example\", \"b.example\"]\n"
      "join-timeout-ms = 1234\n"
      "max-publish-kbps = 5000\n");
  const auto parsed = Parse({"--config", file});
  ASSERT_TRUE(parsed) << parsed.error().output;
  EXPECT_TRUE(parsed->config.demo);
  EXPECT_EQ(parsed->config.listen, "127.0.0.1");
  EXPECT_EQ(parsed->config.names, (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(parsed->config.sessions.join_timeout, Duration::Millis(1234));
  EXPECT_EQ(parsed->config.sessions.media.max_publish_rate, DataRate::KilobitsPerSec(5000));
}

TEST_F(ConfigTest, TheAdminPortCanBeSwitchedOff) {
  EXPECT_EQ(Parse({"--admin-listen", ""})->config.admin_listen, "");
  WriteFile("admin-listen = \"\"\n");
  EXPECT_EQ(Parse({"--config", file})->config.admin_listen, "");
}

TEST_F(ConfigTest, SwitchesAreOverriddenToo) {
  WriteFile("demo = true\n");
  EXPECT_FALSE(Parse({"--config", file, "--no-demo"})->config.demo);
  setenv("FERRY_DEMO", "false", 1);
  EXPECT_FALSE(Parse({"--config", file})->config.demo);
}

TEST_F(ConfigTest, ErrorsNameTheSetting) {
  WriteFile("prot = 1\n");
  const auto unknown = Parse({"--config", file});
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().status, 0);
  EXPECT_NE(unknown.error().output.find("prot"), std::string::npos);
  WriteFile("port = 70000\n");
  EXPECT_EQ(Port({"--config", file}), -1);
  EXPECT_EQ(Port({"--config", "/nowhere.toml"}), -1);
  EXPECT_EQ(Port({"--max-publishers", "0"}), -1);
  EXPECT_EQ(Port({"--certificate", "x"}), -1);
  EXPECT_EQ(Port({"--metrics-token", "short"}), -1);
  EXPECT_EQ(Port({"--admin-listen", "8444"}), -1);
}

TEST_F(ConfigTest, OriginsThatAreNoneAreRefused) {
  WriteFile("allowed-origins = [\"https://a.test\", \"https://*.b.test\"]\n");
  const std::vector<std::string> origins = {"https://a.test", "https://*.b.test"};
  EXPECT_EQ(Parse({"--config", file})->config.allowed_origins, origins);
  const auto bad = Parse({"--allowed-origins", "a.test"});
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().output.find("\"a.test\" is no origin"), std::string::npos);
}

TEST_F(ConfigTest, HowItLivesBehindReverseProxies) {
  WriteFile(
      "plain-listen = \"127.0.0.1:8080\"\n"
      "trusted-proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n"
      "proxy-protocol = true\n"
      "path-prefix = \"/calls\"\n");
  const auto parsed = Parse({"--config", file});
  ASSERT_TRUE(parsed) << parsed.error().output;
  EXPECT_EQ(parsed->config.plain_listen, "127.0.0.1:8080");
  EXPECT_EQ(parsed->config.trusted_proxies, (std::vector<std::string>{"127.0.0.1", "10.0.0.0/8"}));
  EXPECT_TRUE(parsed->config.proxy_protocol);
  EXPECT_EQ(parsed->config.path_prefix, "/calls");
}

TEST_F(ConfigTest, WhatCannotBeBehindReverseProxiesIsRefusedInWords) {
  const auto says = [](std::vector<std::string> arguments, const char* what) {
    const auto parsed = Parse(std::move(arguments));
    return !parsed && parsed.error().output.find(what) != std::string::npos;
  };
  EXPECT_TRUE(says({"--trusted-proxies", "proxy.example"},
                   "trusted-proxies: \"proxy.example\" is neither an address nor a network"));
  EXPECT_TRUE(says({"--proxy-protocol"}, "taken of trusted-proxies alone, and there are none"));
  EXPECT_TRUE(says({"--path-prefix", "calls"}, "path-prefix: \"calls\" is no path"));
  EXPECT_TRUE(says({"--plain-listen", "127.0.0.1:8443"}, "port 8443 is that of TLS already"));
  for (const char* bad : {"8080", "localhost:8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                          "::1:8080", "[127.0.0.1]:8080", "[::1]", "127.0.0.1:80x"}) {
    EXPECT_TRUE(says({"--plain-listen", bad}, "is no address with a port")) << bad;
  }
}

TEST_F(ConfigTest, ReadsAddressesWithPorts) {
  const auto v4 = ParseListenAddress("127.0.0.1:8080");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->address, "127.0.0.1");
  EXPECT_EQ(v4->port, 8080);
  const auto v6 = ParseListenAddress("[::1]:0");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->address, "::1");
  EXPECT_EQ(v6->port, 0);
}

TEST_F(ConfigTest, ALogLevelThatDoesNotExistIsRefused) {
  EXPECT_EQ(Parse({"--log-level", "warn"})->config.log_level, "warn");
  const auto flag = Parse({"--log-level", "verbose"});
  ASSERT_FALSE(flag);
  EXPECT_NE(flag.error().output.find("--log-level"), std::string::npos) << flag.error().output;
  WriteFile("log-level = \"loud\"\n");
  EXPECT_FALSE(Parse({"--config", file}));
}

TEST_F(ConfigTest, LimitsOfTheWholeGateway) {
  const auto parsed = Parse({"--max-users", "7", "--max-rooms", "3"});
  ASSERT_TRUE(parsed) << parsed.error().output;
  EXPECT_EQ(parsed->config.rooms.max_users, 7u);
  EXPECT_EQ(parsed->config.rooms.max_rooms, 3u);
}

TEST_F(ConfigTest, TheDefaultsFitEachOther) {
  const Config c;
  EXPECT_LT(c.rooms.max_users, c.listener.max_connections) << "who is too many is told";
  EXPECT_GE(c.sessions.max_sessions_in_grace, c.rooms.max_users) << "all may come back";
  EXPECT_EQ(c.sessions.max_sessions_in_grace_per_address, c.listener.max_connections_per_address);
  EXPECT_LT(c.sessions.max_sessions_in_grace_per_address, c.sessions.max_sessions_in_grace / 2);
}

TEST_F(ConfigTest, TheExampleFileHoldsTheDefaultsOfEverySetting) {
  const auto parsed = Parse({"--config", FERRY_EXAMPLE_CONFIG});
  ASSERT_TRUE(parsed) << parsed.error().output;
  EXPECT_EQ(parsed->config.port, 8443);
}

TEST_F(ConfigTest, UserSigCommand) {
  const auto parsed = Parse({"usersig", "--user", "ann", "--expire", "60", "--data-dir", "/d"});
  ASSERT_TRUE(parsed) << parsed.error().output;
  EXPECT_EQ(parsed->command, Command::kUserSig);
  EXPECT_EQ(parsed->usersig.user, "ann");
  EXPECT_EQ(parsed->usersig.lifetime_s, 60);
  EXPECT_EQ(parsed->config.data_dir, "/d");
  EXPECT_FALSE(Parse({"usersig"}));
}

TEST_F(ConfigTest, CheckCommand) {
  EXPECT_EQ(Parse({"check", "--config", FERRY_EXAMPLE_CONFIG})->command, Command::kCheck);
  EXPECT_EQ(Parse({"--config", FERRY_EXAMPLE_CONFIG})->command, Command::kServe);
  WriteFile("port = 70000\n");
  EXPECT_FALSE(Parse({"check", "--config", file}));
}

TEST_F(ConfigTest, TheVersionIsThatOfTheSdk) {
  std::ifstream package(FERRY_SDK_PACKAGE);
  const std::string text(std::istreambuf_iterator<char>(package), {});
  EXPECT_NE(text.find("\"version\": \"" FERRY_VERSION "\""), std::string::npos) << text;
  const auto version = Parse({"--version"});
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().status, 0);
  EXPECT_EQ(version.error().output.find("ferry-gateway " FERRY_VERSION), 0u);
}

TEST_F(ConfigTest, HelpIsNoError) {
  const auto help = Parse({"--help"});
  ASSERT_FALSE(help);
  EXPECT_EQ(help.error().status, 0);
  EXPECT_NE(help.error().output.find("--max-publish-kbps"), std::string::npos);
}

}  // namespace
}  // namespace ferry::gateway
