#include "gateway/http/http_dispatcher.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <future>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "gateway/http/router.h"

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;

class HttpDispatcherTest : public ::testing::Test {
 protected:
  HttpDispatcherTest() {
    router.Add("GET", "/", [](const HttpRequest&, const HttpContext&) {
      return TextResponse(200, "text/plain", "ok");
    });
    router.Add("GET", "/thread", [](const HttpRequest&, const HttpContext&) {
      std::ostringstream text;
      text << std::this_thread::get_id();
      return TextResponse(200, "text/plain", text.str());
    });
    router.Add("GET", "/bad", [](const HttpRequest&, const HttpContext&) -> HttpResponse {
      throw std::runtime_error("a \"disk\" is full");
    });
    // Answered later, from a thread of the test's.
    router.Add("GET", "/slow", [this](HttpRequest, HttpContext, HttpDone done) {
      const std::lock_guard lock(mutex);
      waiting.push_back(std::move(done));
    });
  }
  ~HttpDispatcherTest() override { threads.Stop(); }

  std::future<HttpResponse> Ask(HttpDispatcher& dispatcher, const std::string& target) {
    auto promise = std::make_shared<std::promise<HttpResponse>>();
    dispatcher.Handle(
        HttpRequest(http::verb::get, target, 11), {.remote = address},
        HttpDone([promise](HttpResponse response) { promise->set_value(std::move(response)); }));
    return promise->get_future();
  }

  const asio::ip::address address = asio::ip::make_address("192.0.2.1");
  std::ostringstream log_text;
  spdlog::logger log{"test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_text)};
  Router router;
  std::mutex mutex;
  std::vector<HttpDone> waiting;
  HttpThreads threads{log};
};

TEST_F(HttpDispatcherTest, AnswersOnThreadsOfItsOwn) {
  HttpDispatcher dispatcher(threads, router, log);
  std::ostringstream here;
  here << std::this_thread::get_id();
  EXPECT_NE(*Ask(dispatcher, "/thread").get().body, here.str());
}

TEST_F(HttpDispatcherTest, AHandlerThatThrowsIsAnsweredForAndLogged) {
  HttpDispatcher dispatcher(threads, router, log);
  EXPECT_EQ(Ask(dispatcher, "/bad").get().status, 500u);
  EXPECT_EQ(Ask(dispatcher, "/").get().status, 200u);
  threads.Stop();
  EXPECT_EQ(dispatcher.metrics().failures.value(), 1);
  EXPECT_NE(
      log_text.str().find(R"(event=http-handler-failed target="/bad" error="a \"disk\" is full")"),
      std::string::npos)
      << log_text.str();
}

TEST_F(HttpDispatcherTest, SoManyAreAnsweredAtATime) {
  HttpDispatcher dispatcher(threads, router, log);
  std::vector<std::future<HttpResponse>> slow;
  for (size_t i = 0; i < HttpDispatcher::kMaxInFlight; ++i)
    slow.push_back(Ask(dispatcher, "/slow"));
  EXPECT_EQ(Ask(dispatcher, "/").get().status, 503u);
  EXPECT_EQ(dispatcher.metrics().http_busy.value(), 1);
  // One is answered, one is forgotten by its handler.
  size_t taken = 0;
  while (taken < slow.size()) {
    const std::lock_guard lock(mutex);
    taken = waiting.size();
  }
  waiting.back()(TextResponse(200, "text/plain", "late"));
  waiting.pop_back();
  waiting.pop_back();
  EXPECT_EQ(Ask(dispatcher, "/").get().status, 200u);
  EXPECT_EQ(Ask(dispatcher, "/").get().status, 200u);
  waiting.clear();
  size_t forgotten = 0;
  for (auto& one : slow) forgotten += one.get().status == 500 ? 1 : 0;
  EXPECT_EQ(forgotten, slow.size() - 1);
}

}  // namespace
}  // namespace ferry::gateway
