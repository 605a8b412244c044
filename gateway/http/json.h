// JSON over HTTP: answers, errors that say what is wrong, and bodies that are read.
#pragma once

#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "gateway/net/http.h"

namespace ferry::gateway {

HttpResponse JsonResponse(unsigned status, const nlohmann::json& content);

// {"error":{"code","message"}}: a word for programs and a sentence for people.
HttpResponse JsonError(unsigned status, std::string_view code, std::string_view message);

// The object in a request's body, or the answer that refuses it: 415 when it is of another media
// type, 400 when it is no JSON object, with the place.
std::expected<nlohmann::json, HttpResponse> JsonBody(const HttpRequest& request);

}  // namespace ferry::gateway
