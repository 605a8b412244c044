#include "gateway/http/http_dispatcher.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <string>
#include <utility>

#include "gateway/http/json.h"

namespace ferry::gateway {
namespace {

HttpResponse Busy() {
  HttpResponse response = JsonError(503, "busy", "too many requests are being answered");
  response.headers.set(boost::beast::http::field::retry_after, "1");
  return response;
}

}  // namespace

HttpDispatcher::HttpDispatcher(HttpThreads& threads, HttpHandler& answers, spdlog::logger& log)
    : threads_(threads), answers_(answers), log_(log) {}

void HttpDispatcher::Handle(HttpRequest request, HttpContext context, HttpDone done) {
  if (in_flight_.fetch_add(1) >= kMaxInFlight) {
    --in_flight_;
    CountUp(&Metrics::http_busy);
    return done(Busy());
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
    CountUp(&Metrics::failures);
    log_.error("event=http-handler-failed target={:?} error={:?}", target, error.what());
    done(JsonError(500, "internal", "something went wrong here: the gateway's log has it"));
  }
}

void HttpDispatcher::CountUp(Count Metrics::*count) {
  const std::lock_guard lock(counting_);
  (metrics_.*count).Add();
}

}  // namespace ferry::gateway
