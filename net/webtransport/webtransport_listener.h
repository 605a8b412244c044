// A worker's UDP port for WebTransport.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "net/connection.h"
#include "net/quic/quic_server.h"

namespace ferry::net {

// docs/protocol.md §1.
inline constexpr std::string_view kWebTransportPath = "/rtc/v1";

struct WebTransportListenerSetup {
  QuicServerSetup quic;
  // Others are answered with 404.
  std::vector<std::string> paths = {std::string(kWebTransportPath)};
  // Whether a page of this origin may connect (else 403); empty: any. What is no browser has none.
  std::function<bool(std::string_view origin)> allows_origin;
};

class WebTransportListener {
 public:
  // Workers start theirs one after another, in the order of their index (net/quic/steering.h); the
  // first may take port 0. The listener must outlive no handler that it gave: close the sessions
  // first, for destroying it ends connections without a word, to their handlers neither.
  static Result<std::unique_ptr<WebTransportListener>> Start(boost::asio::io_context& io,
                                                             WebTransportListenerSetup setup,
                                                             HandlerFactory make_handler,
                                                             QuicCounters& counters);

  uint16_t port() const { return quic_->port(); }
  size_t connections() const { return quic_->endpoint().connections(); }
  // Refuses new clients from now on.
  void StopAccepting() { quic_->StopAccepting(); }
  // Ends all connections, those that are no sessions too; handlers hear OnClosed.
  void CloseAll();

 private:
  explicit WebTransportListener(std::unique_ptr<QuicServer> quic) : quic_(std::move(quic)) {}

  std::unique_ptr<QuicServer> quic_;
};

}  // namespace ferry::net
