// What all commands of ferry-cli share: the gateway, how to reach it, and who one is.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "client/signaling/types.h"
#include "client/transport/connector.h"
#include "net/tls_options.h"

namespace ferry::client {

struct GatewayOptions {
  std::string gateway;
  std::string transport = "websocket";
  std::string ca_file;
  bool insecure = false;

  void AddTo(CLI::App& app);
  Result<GatewayAddress> Address() const { return ParseGatewayAddress(gateway); }
  net::TlsOptions Tls() const;
  // More than one where connections take turns.
  std::vector<net::TransportKind> Transports() const;
};

// Where userSigs come from; the first that is given counts, the demo's gateway when none is.
struct UserSigOptions {
  uint32_t sdk_app_id = 0;
  std::string secret;
  std::string user_sig;
  std::string command;

  void AddTo(CLI::App& app);
};

struct RoomOptions {
  std::string room = "1";
  std::string user;
  bool live = false;
  bool string_room = false;

  void AddTo(CLI::App& app);
  Result<RoomId> Id() const;
};

}  // namespace ferry::client
