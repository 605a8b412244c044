#include "gateway/http/router.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/http/json.h"

namespace ferry::gateway {
namespace {

namespace http = boost::beast::http;
using nlohmann::json;

class RouterTest : public ::testing::Test {
 protected:
  // Answers with what the pattern's names stood for.
  static Router::PlainHandler Names(const std::string& route) {
    return [route](const HttpRequest&, const HttpContext& context) {
      json names = {{"route", route}, {"principal", context.principal}};
      for (const auto& [name, value] : context.path) names[name] = value;
      return JsonResponse(200, names);
    };
  }
  HttpResponse Ask(http::verb method, const std::string& target) {
    return Ask(HttpRequest(method, target, 11));
  }
  HttpResponse Ask(HttpRequest request) {
    HttpResponse answer;
    answer.status = 0;
    router.Handle(std::move(request), {},
                  HttpDone([&](HttpResponse response) { answer = std::move(response); }));
    return answer;
  }
  json Body(const HttpResponse& response) { return json::parse(*response.body); }
  json Got(const std::string& target) { return Body(Ask(http::verb::get, target)); }

  Router router;
};

TEST_F(RouterTest, TheFirstRouteThatMatchesAnswers) {
  router.Add("GET", "/", Names("root"));
  router.Add("GET", "/apps", Names("apps"));
  router.Add("GET", "/apps/mine", Names("mine"));
  router.Add("GET", "/apps/{id}", Names("app"));
  router.Add("GET", "/apps/{id}/rooms/{room}", Names("room"));
  router.Add("GET", "/files/{path...}", Names("files"));
  EXPECT_EQ(Got("/")["route"], "root");
  EXPECT_EQ(Got("/apps?x=/1")["route"], "apps");
  EXPECT_EQ(Got("/apps/mine")["route"], "mine");
  EXPECT_EQ(Got("/apps/14")["id"], "14");
  const json room = Got("/apps/14/rooms/a%2Fb%20c");
  EXPECT_EQ(room["id"], "14");
  EXPECT_EQ(room["room"], "a/b c") << "a slash that was written as one separates nothing";
  EXPECT_EQ(Got("/files/a/b")["path"], "a/b");
  EXPECT_EQ(Got("/files/")["path"], "");
  EXPECT_EQ(Got("/files")["path"], "");
}

TEST_F(RouterTest, WhatNoRouteAnswersIsRefusedInWords) {
  router.Add("GET", "/apps", Names("apps"));
  router.Add("POST", "/apps", Names("make"));
  for (const char* target : {"/", "/app", "/apps/", "/apps/1", "//apps", "apps", "/%zz", ""}) {
    const HttpResponse missing = Ask(http::verb::get, target);
    EXPECT_EQ(missing.status, 404u) << target;
    EXPECT_EQ(Body(missing)["error"]["code"], "not_found");
  }
  EXPECT_EQ(Ask(http::verb::head, "/apps").status, 200u);
  const HttpResponse other = Ask(http::verb::delete_, "/apps");
  EXPECT_EQ(other.status, 405u);
  EXPECT_EQ(other.headers.at(http::field::allow), "GET, HEAD, POST");
}

TEST_F(RouterTest, ATokenOpensARoute) {
  router.Add("GET", "/secret", Names("secret"),
             {.authenticate = BearerToken("0123456789abcdef", "ann"), .max_body = 10});
  const auto with = [&](const std::string& authorization) {
    HttpRequest request(http::verb::get, "/secret", 11);
    if (!authorization.empty()) request.set(http::field::authorization, authorization);
    return Ask(request);
  };
  for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer 0123456789abcdeX", "Bearer 0",
                            "Basic 0123456789abcdef", "0123456789abcdef"}) {
    const HttpResponse refused = with(wrong);
    EXPECT_EQ(refused.status, 401u) << wrong;
    EXPECT_EQ(refused.headers.at(http::field::www_authenticate), "Bearer");
    EXPECT_EQ(Body(refused)["error"]["code"], "unauthorized");
  }
  EXPECT_EQ(Body(with("Bearer 0123456789abcdef"))["principal"], "ann");
  EXPECT_EQ(Body(with("bearer 0123456789abcdef"))["principal"], "ann");
}

TEST_F(RouterTest, ARouteSaysHowLargeABodyMayBe) {
  router.Add("POST", "/large", Names("large"), {.max_body = 1'000'000});
  router.Add("POST", "/{any}", Names("any"));
  EXPECT_EQ(router.MaxBody(HttpRequest(http::verb::post, "/large?x", 11)), 1'000'000u);
  EXPECT_EQ(router.MaxBody(HttpRequest(http::verb::post, "/other", 11)), Router::kDefaultMaxBody);
  EXPECT_EQ(router.MaxBody(HttpRequest(http::verb::get, "/no/where", 11)), Router::kDefaultMaxBody);
}

TEST_F(RouterTest, ABodyThatIsNoJsonObjectIsRefusedInWords) {
  router.Add("POST", "/echo", [](const HttpRequest& request, const HttpContext&) {
    auto body = JsonBody(request);
    return body ? JsonResponse(200, *body) : std::move(body.error());
  });
  const auto post = [&](const std::string& type, const std::string& body) {
    HttpRequest request(http::verb::post, "/echo", 11);
    request.set(http::field::content_type, type);
    request.body() = body;
    return Ask(request);
  };
  EXPECT_EQ(Body(post("application/json", R"({"a":1})"))["a"], 1);
  EXPECT_EQ(post("Application/JSON; charset=utf-8", "{}").status, 200u);
  EXPECT_EQ(post("text/plain", "{}").status, 415u);
  EXPECT_EQ(post("", "{}").status, 415u);
  EXPECT_EQ(post("application/json", "[1]").status, 400u);
  EXPECT_EQ(post("application/json", "").status, 400u);
  EXPECT_EQ(post("application/json", "{\"a\":\xFF}").status, 400u);
  EXPECT_EQ(post("application/json", std::string(60'000, '[')).status, 400u);
  const HttpResponse broken = post("application/json", R"({"a":1,})");
  EXPECT_EQ(Body(broken)["error"]["message"], "the body is no JSON: wrong at byte 8");
}

TEST_F(RouterTest, ARequestThatItsHandlerForgetsIsAnsweredAllTheSame) {
  router.Add("GET", "/forgotten", [](HttpRequest, HttpContext, HttpDone) {});
  router.Add("GET", "/twice", [](HttpRequest, HttpContext, HttpDone done) {
    done(TextResponse(200, "text/plain", "first"));
    done(TextResponse(200, "text/plain", "second"));
  });
  EXPECT_EQ(Ask(http::verb::get, "/forgotten").status, 500u);
  EXPECT_EQ(*Ask(http::verb::get, "/twice").body, "first");
}

}  // namespace
}  // namespace ferry::gateway
