#include "gateway/http/json.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;
using nlohmann::json;

bool IsJson(const HttpRequest& request) {
  const auto type = request[http::field::content_type];
  const auto end = std::min(type.find(';'), type.size());
  auto essence = type.substr(0, end);
  while (!essence.empty() && essence.back() == ' ') essence.remove_suffix(1);
  return boost::beast::iequals(essence, "application/json");
}

}  // namespace

HttpResponse JsonResponse(unsigned status, const json& content) {
  // What is no UTF-8 is shown as such: an answer is never lost for it.
  return TextResponse(status, "application/json",
                      content.dump(-1, ' ', false, json::error_handler_t::replace));
}

HttpResponse JsonError(unsigned status, std::string_view code, std::string_view message) {
  return JsonResponse(status, {{"error", {{"code", code}, {"message", message}}}});
}

std::expected<json, HttpResponse> JsonBody(const HttpRequest& request) {
  if (!IsJson(request)) {
    return std::unexpected(JsonError(415, "unsupported_media_type",
                                     "the body must be JSON: Content-Type: application/json"));
  }
  try {
    json body = json::parse(request.body());
    if (body.is_object()) return std::expected<json, HttpResponse>(std::in_place, std::move(body));
    return std::unexpected(JsonError(400, "malformed", "the body must be a JSON object"));
  } catch (const json::parse_error& error) {
    return std::unexpected(JsonError(
        400, "malformed", "the body is no JSON: wrong at byte " + std::to_string(error.byte)));
  }
}

}  // namespace ferry::gateway
