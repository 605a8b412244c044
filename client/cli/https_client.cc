#include "client/cli/https_client.h"

#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <utility>

namespace ferry::client {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using net::error_code;

struct HttpsClient::Stream {
  asio::io_context io;
  asio::ssl::context context{asio::ssl::context::tls_client};
  std::unique_ptr<asio::ssl::stream<tcp::socket>> tls;
  boost::beast::flat_buffer buffer;
};

HttpsClient::HttpsClient(GatewayAddress host, net::TlsOptions tls)
    : host_(std::move(host)), tls_(std::move(tls)) {}
HttpsClient::~HttpsClient() = default;

Result<void> HttpsClient::Connect() {
  const auto failed = [&](const char* step, const error_code& error) {
    return Fail(ErrorCode::kInvalidArgument, "cannot " + std::string(step) + " with " + host_.host +
                                                 ":" + std::to_string(host_.port) + ": " +
                                                 error.message());
  };
  auto stream = std::make_unique<Stream>();
  error_code error;
  if (!tls_.insecure) {
    if (tls_.ca_file.empty()) {
      stream->context.set_default_verify_paths(error);
    } else {
      stream->context.load_verify_file(tls_.ca_file, error);
    }
    if (error) return failed("read the authorities to trust", error);
    stream->context.set_verify_mode(asio::ssl::verify_peer, error);
  }
  stream->tls = std::make_unique<asio::ssl::stream<tcp::socket>>(stream->io, stream->context);
  const auto endpoints =
      tcp::resolver(stream->io).resolve(host_.host, std::to_string(host_.port), error);
  if (!error) asio::connect(stream->tls->next_layer(), endpoints, error);
  if (error) return failed("connect", error);
  SSL* native = stream->tls->native_handle();
  error_code not_an_address;
  asio::ip::make_address(host_.host, not_an_address);
  if (not_an_address) {
    SSL_set_tlsext_host_name(native, host_.host.c_str());
    SSL_set1_host(native, host_.host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(native), host_.host.c_str());
  }
  stream->tls->handshake(asio::ssl::stream_base::client, error);
  if (error && SSL_get_verify_result(native) != X509_V_OK) {
    return Fail(ErrorCode::kInvalidArgument,
                failed("make a TLS connection", error).error().message +
                    "; give --ca FILE with who signed its certificate, or --insecure");
  }
  if (error) return failed("make a TLS connection", error);
  stream_ = std::move(stream);
  return {};
}

Result<HttpsClient::Answer> HttpsClient::Get(const std::string& target) {
  // A connection that was kept may have been closed meanwhile: then once more.
  for (const bool kept : {stream_ != nullptr, false}) {
    if (!stream_) {
      if (auto connected = Connect(); !connected) return std::unexpected(connected.error());
    }
    http::request<http::empty_body> request(http::verb::get, target, 11);
    request.set(http::field::host, host_.host);
    error_code error;
    http::write(*stream_->tls, request, error);
    http::response<http::string_body> response;
    if (!error) http::read(*stream_->tls, stream_->buffer, response, error);
    if (error) {
      stream_.reset();
      if (kept) continue;
      return Fail(ErrorCode::kInvalidArgument, "no answer of the gateway: " + error.message());
    }
    if (!response.keep_alive()) stream_.reset();
    const auto type = response[http::field::content_type];
    return Answer{response.result_int(), {type.data(), type.size()}, std::move(response.body())};
  }
  std::unreachable();
}

}  // namespace ferry::client
