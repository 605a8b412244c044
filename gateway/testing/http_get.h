// One HTTP request over TLS, for tests.
#pragma once

#include <map>
#include <string>

#include "gateway/net/asio.h"

namespace ferry::gateway::testing {

struct HttpReply {
  bool done = false;
  unsigned status = 0;                         // 0: no answer
  std::map<std::string, std::string> headers;  // by lower-case name
  std::string body;
};

// Sends a request without a body to 127.0.0.1; `reply` must live until it is done.
void HttpGet(asio::io_context& io, uint16_t port, std::string target,
             std::map<std::string, std::string> headers, HttpReply& reply,
             std::string method = "GET");

}  // namespace ferry::gateway::testing
