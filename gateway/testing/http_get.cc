#include "gateway/testing/http_get.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "net/byte_stream.h"

namespace ferry::gateway::testing {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

asio::awaitable<void> Run(asio::io_context& io, uint16_t port, HttpWay way,
                          http::request<http::empty_body> request, HttpReply& reply) {
  error_code error;
  asio::ssl::context tls(asio::ssl::context::tls_client);
  net::ByteStream stream{asio::ip::tcp::socket(io)};
  co_await stream.socket().async_connect({way.address, port}, Into(error));
  if (!error) co_await asio::async_write(stream, asio::buffer(way.before), Into(error));
  if (!error && way.tls) {
    stream.StartTls(tls);
    co_await stream.tls()->async_handshake(asio::ssl::stream_base::client, Into(error));
  }
  if (!error) co_await http::async_write(stream, request, Into(error));
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  if (request.method() == http::verb::head) parser.skip(true);
  if (!error) co_await http::async_read(stream, buffer, parser, Into(error));
  if (!error) {
    reply.status = parser.get().result_int();
    reply.body = parser.get().body();
    for (const auto& field : parser.get()) {
      std::string name(field.name_string().data(), field.name_string().size());
      std::ranges::transform(name, name.begin(),
                             [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      reply.headers[name] = std::string(field.value().data(), field.value().size());
    }
  }
  reply.done = true;
}

}  // namespace

void HttpGet(asio::io_context& io, uint16_t port, std::string target,
             std::map<std::string, std::string> headers, HttpReply& reply, std::string method,
             HttpWay way) {
  http::request<http::empty_body> request(http::string_to_verb(method), target, 11);
  request.set(http::field::host, "localhost");
  request.set(http::field::connection, "close");
  for (const auto& [name, value] : headers) request.set(name, value);
  asio::co_spawn(
      io,
      [&io, port, way, moved = std::move(request), &reply]() mutable {
        return Run(io, port, way, std::move(moved), reply);
      },
      asio::detached);
}

}  // namespace ferry::gateway::testing
