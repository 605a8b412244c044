#include "gateway/http/http_dispatcher.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <string>
#include <utility>

#include "gateway/http/json.h"

namespace ferry::gateway {
namespace {

HttpResponse Later(unsigned status, std::string_view code, std::string_view message) {
  HttpResponse response = JsonError(status, code, message);
  response.headers.set(boost::beast::http::field::retry_after, "1");
  return response;
}

}  // namespace

HttpDispatcher::HttpDispatcher(HttpThreads& threads, HttpHandler& answers, AddressLimits& addresses,
                               spdlog::logger& log)
    : threads_(threads), answers_(answers), addresses_(addresses), log_(log) {}

void HttpDispatcher::Handle(HttpRequest request, HttpContext context, HttpDone done) {
  if (!addresses_.TakeRequest(AddressKey::Of(context.remote))) {
    CountRefusal(&Metrics::http_rate);
    return done(Later(429, "too_many_requests", "too many requests from this address"));
  }
  if (in_flight_.fetch_add(1) >= kMaxInFlight) {
    --in_flight_;
    CountRefusal(&Metrics::http_busy);
    return done(Later(503, "busy", "too many requests are being answered"));
  }
  // Also one that is never answered is counted down: when its last copy goes.
  HttpDone counted([this, answer = std::move(done)](HttpResponse response) {
    --in_flight_;
    answer(std::move(response));
  });
  threads_.Post(
      [this, one = std::move(request), about = std::move(context),
       answer = std::move(counted)]() mutable { Run(std::move(one), std::move(about), answer); });
}

void HttpDispatcher::Run(HttpRequest request, HttpContext context, const HttpDone& done) {
  const std::string target(request.target().data(), request.target().size());
  try {
    answers_.Handle(std::move(request), std::move(context), done);
  } catch (const std::exception& error) {
    log_.error("event=http-handler-failed target={:?} error={:?}", target, error.what());
    done(JsonError(500, "internal", "something went wrong here: the gateway's log has it"));
  }
}

void HttpDispatcher::CountRefusal(Count Metrics::*count) {
  const std::lock_guard lock(refusals_);
  (metrics_.*count).Add();
}

}  // namespace ferry::gateway
