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

  // The body of a 200 answer. kNotFound: it was another answer; kInvalidArgument: there was none.
  Result<std::string> Get(const std::string& target);

 private:
  struct Stream;
  Result<void> Connect();

  const GatewayAddress host_;
  const net::TlsOptions tls_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace ferry::client
