// Configuration: docs/configuration.md. Each value has a default, may stand in the file, and is
// overridden by the environment and then by a flag.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gateway/app/app_command.h"
#include "gateway/net/listener.h"
#include "gateway/room/room_registry.h"
#include "gateway/session/session_limits.h"
#include "gateway/sfu/sfu_worker.h"

namespace ferry::gateway {

struct ListenAddress {
  std::string address;  // an IP
  uint16_t port = 0;
};

struct Config {
  std::string listen = "::";
  uint16_t port = 8443;
  std::string plain_listen;                  // ADDRESS:PORT, without TLS; empty: none
  std::vector<std::string> trusted_proxies;  // addresses and networks
  bool proxy_protocol = false;
  std::string path_prefix;
  std::string data_dir = "ferry-data";
  std::string certificate;  // both empty: self-signed
  std::string private_key;
  std::vector<std::string> names;  // in the self-signed certificate
  std::string demo_dir = "web/dist";
  std::string sdk_dir = "js-api/dist";
  bool demo = false;
  std::string admin_listen = "127.0.0.1:8444";  // empty: nowhere
  std::string metrics_token;                    // empty: there are no metrics on the port itself
  std::string log_level = "info";
  bool webtransport = true;  // where it is built in
  size_t workers = 0;        // threads; 0: as many as there are cores
  int64_t drain_timeout_s = 30;
  int64_t shutdown_timeout_ms = 5000;
  ListenerLimits listener;
  std::vector<std::string> allowed_origins;  // empty: all
  RoomRegistry::Limits rooms;
  SessionLimits sessions;
  SfuConfig sfu;
};

// Of "127.0.0.1:8080" or "[::1]:8080".
Result<ListenAddress> ParseListenAddress(const std::string& text);

struct UserSigCommand {
  std::string user;
  uint32_t sdk_app_id = 0;  // 0: the first application
  int64_t lifetime_s = 15'552'000;
};

enum class Command { kServe, kUserSig, kApp, kCheck };

struct CommandLine {
  Command command = Command::kServe;
  Config config;
  UserSigCommand usersig;
  AppCommand app;
};

// What to print and exit with instead of a command line: help, version or an error.
struct CommandLineExit {
  int status = 0;
  std::string output;
};

std::expected<CommandLine, CommandLineExit> ParseCommandLine(int argc, const char* const* argv);

}  // namespace ferry::gateway
