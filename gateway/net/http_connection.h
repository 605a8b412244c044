// The requests of one connection and their answers, one after the other (RFC 9112), over TLS or
// plain TCP. How long each side may take is limited here, and how much a request may say.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/verb.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "gateway/base/metrics.h"
#include "gateway/net/asio.h"
#include "gateway/net/http.h"
#include "gateway/net/path_prefix.h"
#include "gateway/net/socket_deadline.h"
#include "net/byte_stream.h"

namespace ferry::gateway {

// How long is waited until more of an answer is taken, of which `written` bytes were in `elapsed`:
// `idle_timeout`, less where the whole has gone slower than kMinReadBytesPerSecond.
std::chrono::milliseconds ReadingPatience(std::chrono::milliseconds idle_timeout, uint64_t written,
                                          std::chrono::milliseconds elapsed);

class HttpConnection {
 public:
  static constexpr size_t kMaxHeaderBytes = 16 * 1024;
  // What is read of an answer from its beginning on, so that who takes just enough not to be idle
  // holds it for a bounded time. A quarter of what 128 kbit/s carry; 32 MiB take two and a half
  // hours at most.
  static constexpr int64_t kMinReadBytesPerSecond = 4 * 1024;

  // All outlive it. `idle_timeout`: for a request to come, for its answer to be found, and for the
  // next part of that to be read. `metrics` are the thread's.
  // Requests are given without `prefix` (null: none); `begin` is what has been read of them before.
  HttpConnection(net::ByteStream& stream, HttpHandler& handler,
                 std::chrono::milliseconds idle_timeout, Metrics& metrics,
                 const PathPrefix* prefix = nullptr, std::string_view begin = "");

  // The next request; nullopt: there is none any more. One that is malformed or too large has been
  // answered.
  asio::awaitable<std::optional<HttpRequest>> Read();
  // What the handler answers.
  asio::awaitable<HttpResponse> Ask(HttpRequest request, HttpContext context);
  // Answers the request read last. False when the connection is not to be used again, as after 429.
  asio::awaitable<bool> Write(HttpResponse answer);
  // The whole answer to the request read last, which makes another protocol of the connection.
  asio::awaitable<bool> WriteUpgrade(std::string answer);
  // Says goodbye.
  asio::awaitable<void> Close(std::chrono::milliseconds timeout);

  // Where the request read last should have gone (PathPrefix::WithSlash); empty: nowhere else.
  const std::string& slashed() const { return slashed_; }
  // What came behind the request read last.
  ByteSpan rest() const;

 private:
  asio::awaitable<void> Refuse(const error_code& error, unsigned version);

  net::ByteStream& stream_;
  HttpHandler& handler_;
  const std::chrono::milliseconds idle_timeout_;
  Metrics& metrics_;
  const PathPrefix* const prefix_;
  SocketDeadline deadline_;
  boost::beast::flat_buffer buffer_;
  // Of the request read last.
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool head_ = false;
  std::string slashed_;
};

}  // namespace ferry::gateway
