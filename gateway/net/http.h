// What a port answers over HTTP, apart from how it is read and written.
#pragma once

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::gateway {

using HttpRequestHeader = boost::beast::http::request_header<>;
using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

struct HttpResponse {
  unsigned status = 200;
  boost::beast::http::fields headers;
  std::shared_ptr<const std::string> body;  // may be shared with a cache; nullptr is empty
};

// What is known of a request beside what it says.
struct HttpContext {
  boost::asio::ip::address remote;
  // What stands for the {names} in the pattern of the route that it took (http/router.h).
  std::map<std::string, std::string, std::less<>> path = {};
  // Whom the route's authentication found; empty where it asks for nobody.
  std::string principal = {};
};

// Where an answer goes. Called once, from any thread; the first call counts. A request whose every
// copy of this is destroyed without a call is answered with 500: none waits for ever.
class HttpDone {
 public:
  using Deliver = std::function<void(HttpResponse)>;

  // `deliver` is called exactly once.
  explicit HttpDone(Deliver deliver);
  void operator()(HttpResponse response) const;

 private:
  struct State {
    explicit State(Deliver one) : deliver(std::move(one)) {}
    ~State();
    const Deliver deliver;
    std::atomic<bool> done{false};
  };
  std::shared_ptr<State> state_;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Bytes of body that a request with this header may have. From any thread.
  virtual size_t MaxBody(const HttpRequestHeader& header) const = 0;
  // Answers by `done`, at once or later. From any thread.
  virtual void Handle(HttpRequest request, HttpContext context, HttpDone done) = 0;
};

HttpResponse TextResponse(unsigned status, std::string_view content_type, std::string body);

// nullopt when it is malformed.
std::optional<std::string> PercentDecode(std::string_view text);
// The path of a request's target without its query, percent-decoded; empty when it is malformed.
std::string TargetPath(std::string_view target);
// The value of a query parameter, percent-decoded; empty when it is missing or malformed.
std::string QueryParameter(std::string_view target, std::string_view name);

}  // namespace ferry::gateway
