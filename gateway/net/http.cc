#include "gateway/net/http.h"

#include <optional>
#include <utility>

namespace ferry::gateway {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return out;
}

HttpDone::HttpDone(Deliver deliver) : state_(std::make_shared<State>(std::move(deliver))) {}

void HttpDone::operator()(HttpResponse response) const {
  if (!state_->done.exchange(true)) state_->deliver(std::move(response));
}

// What delivering throws has nobody here to be told, and would end the process: whoever waits for
// the answer gives up in time.
HttpDone::State::~State() {
  if (done) return;
  try {
    deliver(TextResponse(500, "text/plain", "this request was not answered\n"));
  } catch (...) {
  }
}

HttpResponse TextResponse(unsigned status, std::string_view content_type, std::string body) {
  namespace http = boost::beast::http;
  HttpResponse response;
  response.status = status;
  response.headers.set(http::field::content_type, std::string(content_type));
  response.headers.set(http::field::cache_control, "no-store");
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

std::string TargetPath(std::string_view target) {
  return PercentDecode(target.substr(0, target.find('?'))).value_or("");
}

std::string QueryParameter(std::string_view target, std::string_view name) {
  const size_t begin = target.find('?');
  if (begin == target.npos) return "";
  std::string_view query = target.substr(begin + 1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    if (equals != pair.npos && pair.substr(0, equals) == name) {
      return PercentDecode(pair.substr(equals + 1)).value_or("");
    }
  }
  return "";
}

}  // namespace ferry::gateway
