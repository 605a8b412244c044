#include "gateway/http/router.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <utility>

#include "gateway/http/json.h"

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;

// A target's path, as it came.
std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

// "/a/b" is {"a", "b"}; "/" is {""}.
std::vector<std::string> Segments(std::string_view path) {
  std::vector<std::string> segments;
  for (size_t begin = 1; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    segments.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

bool IsName(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }
bool IsRest(std::string_view segment) { return IsName(segment) && segment.ends_with("...}"); }

std::string_view NameOf(std::string_view segment) {
  segment.remove_prefix(1);
  segment.remove_suffix(segment.ends_with("...}") ? 4 : 1);
  return segment;
}

}  // namespace

HttpAuthentication BearerToken(std::string token, std::string principal) {
  return [wanted = std::move(token), who = std::move(principal)](
             const HttpRequest& request,
             const HttpContext&) -> std::expected<std::string, HttpResponse> {
    constexpr std::string_view kScheme = "Bearer ";
    const std::string_view given = View(request[http::field::authorization]);
    const bool bearer =
        given.size() > kScheme.size() &&
        boost::beast::iequals(request[http::field::authorization].substr(0, kScheme.size()),
                              "Bearer ");
    const std::string_view shown = bearer ? given.substr(kScheme.size()) : std::string_view();
    if (shown.size() == wanted.size() &&
        CRYPTO_memcmp(shown.data(), wanted.data(), wanted.size()) == 0) {
      return who;
    }
    HttpResponse refused = JsonError(
        401, "unauthorized",
        bearer ? "this token is not known here" : "a token is wanted: Authorization: Bearer TOKEN");
    refused.headers.set(http::field::www_authenticate, "Bearer");
    return std::unexpected(std::move(refused));
  };
}

void Router::Add(std::string method, std::string_view pattern, Handler handler, Options options) {
  routes_.push_back({std::move(method), Segments(pattern), std::move(handler), std::move(options)});
}

void Router::Add(std::string method, std::string_view pattern, Handler handler) {
  Add(std::move(method), pattern, std::move(handler), Options());
}

void Router::Add(std::string method, std::string_view pattern, PlainHandler handler) {
  Add(std::move(method), pattern, std::move(handler), Options());
}

void Router::Add(std::string method, std::string_view pattern, PlainHandler handler,
                 Options options) {
  Handler answer = [plain = std::move(handler)](const HttpRequest& request,
                                                const HttpContext& context, const HttpDone& done) {
    done(plain(request, context));
  };
  Add(std::move(method), pattern, std::move(answer), std::move(options));
}

std::optional<Router::Names> Router::Match(const Route& route, std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  Names names;
  size_t begin = 1;  // of the path's next segment; beyond its end: none is left
  for (const std::string& segment : route.segments) {
    if (begin > path.size() && !IsRest(segment)) return std::nullopt;
    const size_t end = IsRest(segment) ? path.size() : std::min(path.find('/', begin), path.size());
    begin = std::min(begin, path.size());
    const auto given = PercentDecode(path.substr(begin, end - begin));
    if (!given) return std::nullopt;
    if (IsName(segment)) {
      if (given->empty() && !IsRest(segment)) return std::nullopt;
      names.emplace(NameOf(segment), *given);
    } else if (*given != segment) {
      return std::nullopt;
    }
    begin = end + 1;
  }
  return begin > path.size() ? std::optional(std::move(names)) : std::nullopt;
}

bool Router::Answers(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

const Router::Route* Router::Find(std::string_view method, std::string_view path,
                                  Names& names) const {
  for (const Route& route : routes_) {
    if (!Answers(route, method)) continue;
    if (auto matched = Match(route, path)) {
      names = std::move(*matched);
      return &route;
    }
  }
  return nullptr;
}

std::string Router::AllowedMethods(std::string_view path) const {
  std::string methods;
  for (const Route& route : routes_) {
    const bool listed = (", " + methods + ", ").find(", " + route.method + ", ") != methods.npos;
    if (listed || !Match(route, path)) continue;
    if (!methods.empty()) methods += ", ";
    methods += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return methods;
}

size_t Router::MaxBody(const HttpRequestHeader& header) const {
  Names names;
  const Route* route = Find(View(header.method_string()), PathOf(View(header.target())), names);
  return route == nullptr ? kDefaultMaxBody : route->options.max_body;
}

void Router::Handle(HttpRequest request, HttpContext context, HttpDone done) {
  const std::string path(PathOf(View(request.target())));
  const Route* route = Find(View(request.method_string()), path, context.path);
  if (route == nullptr) {
    const std::string allowed = AllowedMethods(path);
    if (allowed.empty()) return done(JsonError(404, "not_found", "there is nothing at this path"));
    HttpResponse refused =
        JsonError(405, "method_not_allowed", "this path answers " + allowed + " alone");
    refused.headers.set(http::field::allow, allowed);
    return done(std::move(refused));
  }
  if (route->options.authenticate) {
    auto who = route->options.authenticate(request, context);
    if (!who) return done(std::move(who.error()));
    context.principal = std::move(*who);
  }
  route->handler(std::move(request), std::move(context), std::move(done));
}

}  // namespace ferry::gateway
