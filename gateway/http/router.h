// Which handler answers a request, by method and path, and whom it is for.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/net/http.h"

namespace ferry::gateway {

// Whom a request comes from (HttpContext::principal), or the answer that refuses it.
using HttpAuthentication =
    std::function<std::expected<std::string, HttpResponse>(const HttpRequest&, const HttpContext&)>;

// Who shows `token` (RFC 6750) is `principal`; others get 401. Compared in constant time.
HttpAuthentication BearerToken(std::string token, std::string principal);

class Router final : public HttpHandler {
 public:
  static constexpr size_t kDefaultMaxBody = 64 * 1024;

  using Handler = std::function<void(HttpRequest, HttpContext, HttpDone)>;
  // For what is answered at once.
  using PlainHandler = std::function<HttpResponse(const HttpRequest&, const HttpContext&)>;
  struct Options {
    HttpAuthentication authenticate = nullptr;  // none: everybody
    size_t max_body = kDefaultMaxBody;
  };

  // Before requests come. `pattern` is a path such as "/apps/{id}/rooms": a name in braces stands
  // for one segment, "{name...}" as the last one for all that follow, also none. Of the routes that
  // match the one added first answers. GET answers HEAD, too.
  void Add(std::string method, std::string_view pattern, Handler handler);
  void Add(std::string method, std::string_view pattern, Handler handler, Options options);
  void Add(std::string method, std::string_view pattern, PlainHandler handler);
  void Add(std::string method, std::string_view pattern, PlainHandler handler, Options options);

  size_t MaxBody(const HttpRequestHeader& header) const override;
  // 404 where no route matches, 405 where one does for another method, 401 as its authentication
  // says.
  void Handle(HttpRequest request, HttpContext context, HttpDone done) override;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Handler handler;
    Options options;
  };
  using Names = decltype(HttpContext::path);

  // `path` as it came, so that %2F separates nothing.
  static std::optional<Names> Match(const Route& route, std::string_view path);
  static bool Answers(const Route& route, std::string_view method);
  // The route that answers, and the names in its path.
  const Route* Find(std::string_view method, std::string_view path, Names& names) const;
  std::string AllowedMethods(std::string_view path) const;

  std::vector<Route> routes_;
};

}  // namespace ferry::gateway
