#include "net/websocket/websocket_client.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include "net/address_text.h"

namespace ferry::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;

constexpr size_t kMaxResponseHeaderBytes = 16 * 1024;

// The steps of one attempt, which a timer ends when they take too long.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(asio::io_context& io, std::string host, uint16_t port, TlsOptions tls, std::string path)
      : host_(std::move(host)),
        port_(std::to_string(port)),
        path_(std::move(path)),
        tls_(std::move(tls)),
        context_(ssl::context::tls_client),
        resolver_(io),
        timer_(io) {}

  asio::awaitable<Result<std::shared_ptr<WebSocketConnection>>> Run(asio::io_context& io) {
    if (auto ready = PrepareContext(); !ready) co_return std::unexpected(ready.error());
    stream_.emplace(io, context_);
    timer_.expires_after(kConnectTimeout);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->TimeOut();
    });
    auto connection = co_await Connect();
    timer_.cancel();
    co_return connection;
  }

 private:
  asio::awaitable<Result<std::shared_ptr<WebSocketConnection>>> Connect() {
    error_code error;
    const auto endpoints = co_await resolver_.async_resolve(host_, port_, Into(error));
    if (error) co_return Failed("resolve the name", error);
    tcp::socket& socket = stream_->next_layer();
    const auto endpoint = co_await asio::async_connect(socket, endpoints, Into(error));
    if (error) co_return Failed("connect", error);
    socket.set_option(tcp::no_delay(true), error);
    if (auto ready = PrepareVerification(); !ready) co_return std::unexpected(ready.error());
    co_await stream_->async_handshake(ssl::stream_base::client, Into(error));
    if (error) co_return Failed("make a TLS connection", error);
    if (!IsPinned()) co_return Failed("trust the certificate", "it is none of the pinned ones");

    const std::string key = MakeWebSocketKey();
    const std::string request = UpgradeRequest(HostHeader(), path_, key);
    co_await asio::async_write(*stream_, asio::buffer(request), Into(error));
    if (error) co_return Failed("ask for a WebSocket", error);
    beast::flat_buffer buffer;
    http::response_parser<http::empty_body> parser;
    parser.header_limit(kMaxResponseHeaderBytes);
    co_await http::async_read_header(*stream_, buffer, parser, Into(error));
    if (error) co_return Failed("read the answer to the upgrade", error);
    if (!AcceptsUpgrade(parser.get(), key)) {
      co_return Failed("open a WebSocket", WhyNoUpgrade(parser.get()));
    }
    const auto rest = buffer.cdata();
    co_return std::make_shared<WebSocketConnection>(
        ByteStream(std::move(*stream_)), WebSocketRole::kClient, AddressText(endpoint.address()),
        ByteSpan(static_cast<const uint8_t*>(rest.data()), rest.size()));
  }

  Result<void> PrepareContext() {
    SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION);
    if (!tls_.pinned.empty() || tls_.insecure) return {};
    error_code error;
    if (tls_.ca_file.empty()) {
      context_.set_default_verify_paths(error);
    } else {
      context_.load_verify_file(tls_.ca_file, error);
    }
    if (error) {
      return Fail(ErrorCode::kInvalidArgument,
                  "cannot read the authorities of " + tls_.ca_file + ": " + error.message());
    }
    context_.set_verify_mode(ssl::verify_peer, error);
    return {};
  }

  // The name to expect in the certificate, and to tell the server (RFC 6066 §3: no addresses).
  Result<void> PrepareVerification() {
    SSL* native = stream_->native_handle();
    error_code not_an_address;
    asio::ip::make_address(host_, not_an_address);
    const bool ok = not_an_address
                        ? SSL_set_tlsext_host_name(native, host_.c_str()) == 1 &&
                              SSL_set1_host(native, host_.c_str()) == 1
                        : X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native), host_.c_str()) == 1;
    if (ok) return {};
    return Fail(ErrorCode::kInvalidArgument, "\"" + host_ + "\" is no host name");
  }

  bool IsPinned() {
    if (tls_.pinned.empty()) return true;
    CertificateHash hash{};
    unsigned int size = 0;
    const X509* certificate = SSL_get0_peer_certificate(stream_->native_handle());
    return certificate != nullptr &&
           X509_digest(certificate, EVP_sha256(), hash.data(), &size) == 1 &&
           std::ranges::find(tls_.pinned, hash) != tls_.pinned.end();
  }

  std::string HostHeader() const {
    const bool v6 = host_.find(':') != host_.npos;
    return (v6 ? "[" + host_ + "]" : host_) + ":" + port_;
  }

  std::unexpected<Error> Failed(std::string_view step, const error_code& error) const {
    return Failed(step, error.message());
  }
  std::unexpected<Error> Failed(std::string_view step, const std::string& why) const {
    return Fail(ErrorCode::kNotFound, "cannot " + std::string(step) + " with " + HostHeader() +
                                          ": " + (timed_out_ ? "it took too long" : why));
  }

  void TimeOut() {
    timed_out_ = true;
    resolver_.cancel();
    error_code ignored;
    stream_->next_layer().close(ignored);
  }

  const std::string host_;
  const std::string port_;
  const std::string path_;
  const TlsOptions tls_;
  ssl::context context_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::optional<TlsStream> stream_;
  bool timed_out_ = false;
};

}  // namespace

asio::awaitable<Result<std::shared_ptr<WebSocketConnection>>> ConnectWebSocket(
    asio::io_context& io, std::string host, uint16_t port, TlsOptions tls, std::string path) {
  const auto attempt =
      std::make_shared<Attempt>(io, std::move(host), port, std::move(tls), std::move(path));
  co_return co_await attempt->Run(io);
}

}  // namespace ferry::net
