// What the HTTP side of the port answers, apart from how it is read and written.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ferry::gateway {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

struct HttpResponse {
  unsigned status = 200;
  boost::beast::http::fields headers;
  std::shared_ptr<const std::string> body;  // may be shared with a cache; nullptr is empty
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

HttpResponse TextResponse(unsigned status, std::string_view content_type, std::string body);

// The path of a request's target without its query, percent-decoded; empty when it is malformed.
std::string TargetPath(std::string_view target);
// The value of a query parameter, percent-decoded; empty when it is missing or malformed.
std::string QueryParameter(std::string_view target, std::string_view name);

}  // namespace ferry::gateway
