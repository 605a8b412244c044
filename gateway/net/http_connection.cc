#include "gateway/net/http_connection.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;

constexpr unsigned kTooManyRequests = 429;

// An answer that is on its way. Touched on the connection's executor alone.
struct Pending {
  explicit Pending(const asio::any_io_executor& executor) : answered(executor) {}
  asio::steady_timer answered;  // cancelled when it is there
  std::optional<HttpResponse> response;
};

}  // namespace

std::chrono::milliseconds ReadingPatience(std::chrono::milliseconds idle_timeout, uint64_t written,
                                          std::chrono::milliseconds elapsed) {
  const auto earned = std::chrono::milliseconds(static_cast<int64_t>(written) * 1000 /
                                                HttpConnection::kMinReadBytesPerSecond);
  return std::clamp(idle_timeout + earned - elapsed, std::chrono::milliseconds(0), idle_timeout);
}

HttpConnection::HttpConnection(net::ByteStream& stream, HttpHandler& handler,
                               std::chrono::milliseconds idle_timeout, Metrics& metrics,
                               const PathPrefix* prefix, std::string_view begin)
    : stream_(stream),
      handler_(handler),
      idle_timeout_(idle_timeout),
      metrics_(metrics),
      prefix_(prefix),
      deadline_(stream.socket()) {
  buffer_.commit(asio::buffer_copy(buffer_.prepare(begin.size()), asio::buffer(begin)));
}

asio::awaitable<std::optional<HttpRequest>> HttpConnection::Read() {
  http::request_parser<http::string_body> parser;
  parser.header_limit(kMaxHeaderBytes);
  // Until it is known what it asks for. (None would be less than every length to Beast.)
  parser.body_limit(std::numeric_limits<uint64_t>::max());
  deadline_.ExpireAfter(idle_timeout_);
  error_code error;
  co_await http::async_read_header(stream_, buffer_, parser, Into(error));
  if (!error) {
    if (prefix_ != nullptr) {
      const auto target = parser.get().target();
      const std::string whole(target.data(), target.size());
      slashed_ = prefix_->WithSlash(whole);
      parser.get().target(prefix_->Strip(whole));
    }
    const size_t limit = handler_.MaxBody(parser.get());
    parser.body_limit(limit);
    const auto announced = parser.content_length();
    if (announced && *announced > limit) {
      error = http::error::body_limit;
    } else {
      co_await http::async_read(stream_, buffer_, parser, Into(error));
    }
  }
  if (error) {
    if (deadline_.expired()) metrics_.http_idle.Add();
    co_await Refuse(error, parser.get().version());
    co_return std::nullopt;
  }
  metrics_.http_requests.Add();
  deadline_.Cancel();
  version_ = parser.get().version();
  keep_alive_ = parser.get().keep_alive();
  head_ = parser.get().method() == http::verb::head;
  co_return parser.release();
}

// Who sends too much or nothing of HTTP is told so, where there is still somebody.
asio::awaitable<void> HttpConnection::Refuse(const error_code& error, unsigned version) {
  HttpResponse answer;
  if (error == http::error::header_limit) {
    metrics_.http_headers.Add();
    answer = TextResponse(431, "text/plain", "the headers have more than 16 KiB\n");
  } else if (error == http::error::body_limit) {
    metrics_.http_body.Add();
    answer = TextResponse(413, "text/plain", "the body is larger than is taken here\n");
  } else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
             error != http::error::end_of_stream && error != http::error::partial_message) {
    answer =
        TextResponse(400, "text/plain", "this is no request of HTTP: " + error.message() + "\n");
  } else {
    co_return;
  }
  version_ = version == 10 ? 10 : 11;
  keep_alive_ = false;
  head_ = false;
  co_await Write(std::move(answer));
}

asio::awaitable<HttpResponse> HttpConnection::Ask(HttpRequest request, HttpContext context) {
  const auto pending = std::make_shared<Pending>(stream_.get_executor());
  pending->answered.expires_after(idle_timeout_);
  HttpDone done([pending](HttpResponse response) {
    asio::post(pending->answered.get_executor(), [pending, answer = std::move(response)]() mutable {
      pending->response = std::move(answer);
      pending->answered.cancel();
    });
  });
  handler_.Handle(std::move(request), std::move(context), std::move(done));
  error_code cancelled;
  if (!pending->response) co_await pending->answered.async_wait(Into(cancelled));
  if (pending->response) co_return std::move(*pending->response);
  co_return TextResponse(504, "text/plain", "the answer takes too long\n");
}

asio::awaitable<bool> HttpConnection::Write(HttpResponse answer) {
  http::response<http::span_body<const char>> response;
  static_cast<http::fields&>(response.base()) = std::move(answer.headers);
  response.result(answer.status);
  response.version(version_);
  // On a connection that stays, each refusal would cost reading and writing all the same; a new one
  // is refused before that (AddressLimits::Admit).
  if (answer.status == kTooManyRequests) keep_alive_ = false;
  response.keep_alive(keep_alive_);
  const size_t size = answer.body ? answer.body->size() : 0;
  if (size > 0 && !head_) response.body() = {answer.body->data(), size};
  if (answer.status != 304) response.content_length(size);
  http::response_serializer<http::span_body<const char>> serializer(response);
  const auto begun = std::chrono::steady_clock::now();
  error_code error;
  for (uint64_t written = 0; !error && !serializer.is_done();) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begun);
    deadline_.ExpireAfter(ReadingPatience(idle_timeout_, written, elapsed));
    written += co_await http::async_write_some(stream_, serializer, Into(error));
  }
  if (deadline_.expired()) metrics_.http_idle.Add();
  co_return !error && keep_alive_;
}

asio::awaitable<bool> HttpConnection::WriteUpgrade(std::string answer) {
  deadline_.ExpireAfter(idle_timeout_);
  error_code error;
  co_await asio::async_write(stream_, asio::buffer(answer), Into(error));
  deadline_.Cancel();
  co_return !error;
}

asio::awaitable<void> HttpConnection::Close(std::chrono::milliseconds timeout) {
  deadline_.ExpireAfter(timeout);
  error_code ignored;
  co_await stream_.Shutdown(ignored);
}

ByteSpan HttpConnection::rest() const {
  const auto behind = buffer_.cdata();
  return {static_cast<const uint8_t*>(behind.data()), behind.size()};
}

}  // namespace ferry::gateway
