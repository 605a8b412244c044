// One HTTP request, for tests.
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

// How a request gets there.
struct HttpWay {
  bool tls = true;
  std::string before = "";  // bytes that go before TLS
  asio::ip::address address = asio::ip::address_v4::loopback();
};

// Sends a request without a body; `reply` must live until it is done.
void HttpGet(asio::io_context& io, uint16_t port, std::string target,
             std::map<std::string, std::string> headers, HttpReply& reply,
             std::string method = "GET", HttpWay way = {});

}  // namespace ferry::gateway::testing
