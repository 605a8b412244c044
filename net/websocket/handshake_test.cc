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

}  // namespace
}  // namespace ferry::net
