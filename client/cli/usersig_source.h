// Where the users' signatures come from.
#pragma once

#include <memory>
#include <string>

#include "client/cli/https_client.h"
#include "client/cli/options.h"

namespace ferry::client {

class UserSigSource {
 public:
  struct Signed {
    uint32_t sdk_app_id = 0;
    std::string user_sig;
  };

  UserSigSource(const UserSigOptions& options, const GatewayAddress& gateway,
                const net::TlsOptions& tls);
  // Blocks while it asks a program or the gateway. Errors never hold the secret or a signature.
  Result<Signed> Sign(const std::string& user);

 private:
  Result<Signed> Run(const std::string& user) const;
  Result<Signed> AskDemo(const std::string& user);

  const UserSigOptions options_;
  const std::string prefix_;
  HttpsClient demo_;
};

}  // namespace ferry::client
