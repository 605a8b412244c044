#include "net/websocket/handshake.h"

#include <gtest/gtest.h>

#include <boost/beast/http/parser.hpp>

namespace ferry::net {
namespace {

namespace http = boost::beast::http;

// The example of RFC 6455 §1.3.
constexpr const char* kKey = "dGhlIHNhbXBsZSBub25jZQ==";

RequestHeader Request() {
  RequestHeader request;
  request.method(http::verb::get);
  request.version(11);
  request.target(kWebSocketPath.data());
  request.set(http::field::connection, "keep-alive, Upgrade");
  request.set(http::field::upgrade, "WebSocket");
  request.set(http::field::sec_websocket_version, "13");
  request.set(http::field::sec_websocket_key, kKey);
  request.set(http::field::sec_websocket_protocol, "chat, ferry.v1");
  return request;
}

template <bool IsRequest>
http::header<IsRequest> Parse(const std::string& text) {
  http::parser<IsRequest, http::empty_body> parser;
  boost::system::error_code error;
  parser.put(boost::asio::buffer(text), error);
  EXPECT_FALSE(error) << error.message();
  EXPECT_TRUE(parser.is_header_done());
  return parser.get().base();
}

TEST(HandshakeTest, AnswersWithWhatTheKeyDemands) {
  ASSERT_TRUE(IsWebSocketUpgrade(Request()));
  const auto response = Parse<false>(UpgradeResponse(Request()));
  EXPECT_EQ(response[http::field::sec_websocket_accept], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_TRUE(AcceptsUpgrade(response, kKey));
  EXPECT_FALSE(AcceptsUpgrade(response, "AAAAAAAAAAAAAAAAAAAAAA=="));
}

TEST(HandshakeTest, TakesItsOwnRequests) {
  const std::string key = MakeWebSocketKey();
  EXPECT_NE(key, MakeWebSocketKey());
  const auto request = Parse<true>(UpgradeRequest("[::1]:8443", "/rtc/v1", key));
  EXPECT_EQ(request[http::field::host], "[::1]:8443");
  ASSERT_TRUE(IsWebSocketUpgrade(request));
  EXPECT_TRUE(AcceptsUpgrade(Parse<false>(UpgradeResponse(request)), key));
}

TEST(HandshakeTest, RefusesWhatIsNotARequestOfThisProtocol) {
  const auto refused_with = [](http::field name, const char* value) {
    RequestHeader request = Request();
    request.set(name, value);
    return !IsWebSocketUpgrade(request);
  };
  EXPECT_TRUE(refused_with(http::field::connection, "keep-alive"));
  EXPECT_TRUE(refused_with(http::field::upgrade, "h2c"));
  EXPECT_TRUE(refused_with(http::field::sec_websocket_version, "8"));
  EXPECT_TRUE(refused_with(http::field::sec_websocket_key, ""));
  EXPECT_TRUE(refused_with(http::field::sec_websocket_key, "dGhlIHNhbXBsZSBub25jZQ"));
  EXPECT_TRUE(refused_with(http::field::sec_websocket_key, "dGhlIHNhbXBsZSBub25\r\n=="));
  EXPECT_TRUE(refused_with(http::field::sec_websocket_protocol, "chat"));
  RequestHeader post = Request();
  post.method(http::verb::post);
  EXPECT_FALSE(IsWebSocketUpgrade(post));
  RequestHeader old = Request();
  old.version(10);
  EXPECT_FALSE(IsWebSocketUpgrade(old));
}

TEST(HandshakeTest, TheClientTakesNoExtensionAndNoOtherProtocol) {
  auto response = Parse<false>(UpgradeResponse(Request()));
  response.set(http::field::sec_websocket_extensions, "permessage-deflate");
  EXPECT_FALSE(AcceptsUpgrade(response, kKey));
  response = Parse<false>(UpgradeResponse(Request()));
  response.erase(http::field::sec_websocket_protocol);
  EXPECT_FALSE(AcceptsUpgrade(response, kKey));
  response = Parse<false>(UpgradeResponse(Request()));
  response.result(http::status::ok);
  EXPECT_FALSE(AcceptsUpgrade(response, kKey));
}

TEST(HandshakeTest, TellsWhereAProxyLacksUpgrade) {
  const auto why = [](const std::string& status, const std::string& headers = "") {
    return WhyNoUpgrade(Parse<false>("HTTP/1.1 " + status + " x\r\n" + headers + "\r\n"));
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != text.npos;
  };
  // As our gateway answers what came without, and as servers do that know nothing of it.
  EXPECT_TRUE(has(why("426"), "HTTP 426: the request came without Upgrade"));
  for (const char* status : {"200", "400", "404", "405", "426", "501"}) {
    EXPECT_TRUE(has(why(status), "a proxy between must pass on Upgrade")) << status;
  }
  const std::string page = why("403", "Content-Type: text/html; charset=utf-8\r\n");
  EXPECT_TRUE(has(page, "HTTP 403 with a page of HTML")) << page;
  EXPECT_TRUE(has(page, "must pass on Upgrade")) << page;
  // What is something else is not said to be that.
  for (const char* status : {"403", "429", "500", "502", "503", "504"}) {
    EXPECT_FALSE(has(why(status), "must pass on Upgrade")) << status;
    EXPECT_TRUE(has(why(status), status)) << status;
  }
  EXPECT_TRUE(has(why("301", "Location: https://there/\r\n"), "HTTP 301, to https://there/"));
  EXPECT_TRUE(has(why("101"), "not to this request"));
}

}  // namespace
}  // namespace ferry::net
