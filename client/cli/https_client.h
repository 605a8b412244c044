// GET over one HTTPS connection that is kept, blocking: what is asked before anything runs.
#pragma once

#include <memory>
#include <string>

#include "client/transport/connector.h"

namespace ferry::client {

class HttpsClient {
 public:
  HttpsClient(GatewayAddress host, net::TlsOptions tls);
  ~HttpsClient();

  struct Answer {
    unsigned status = 0;
    std::string type;
    std::string body;
  };
  // Fails when there was no answer.
  Result<Answer> Get(const std::string& target);

 private:
  struct Stream;
  Result<void> Connect();

  const GatewayAddress host_;
  const net::TlsOptions tls_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace ferry::client
