#include "net/h3/request.h"

#include <gtest/gtest.h>

namespace ferry::net {
namespace {

using Fields = std::vector<HeaderField>;

Fields Connect(const Fields& more = {}) {
  Fields fields{{":method", "CONNECT"},
                {":protocol", "webtransport"},
                {":scheme", "https"},
                {":authority", "example.org:4433"},
                {":path", "/rtc/v1?x=1"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::vector<std::string> Protocols(const std::string& value) {
  return ParseRequest(Connect({{"wt-available-protocols", value}}))->connect.protocols;
}

TEST(RequestTest, ReadsTheConnectOfAWebTransportSession) {
  const auto head = ParseRequest(Connect({{"origin", "https://example.org"},
                                          {"sec-webtransport-http3-draft02", "1"},
                                          {"wt-available-protocols", R"("a", "b\"c")"}}));
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->webtransport());
  EXPECT_EQ(head->connect.authority, "example.org:4433");
  EXPECT_EQ(head->connect.path, "/rtc/v1?x=1");
  EXPECT_EQ(head->connect.origin, "https://example.org");
  EXPECT_EQ(head->connect.protocols, (std::vector<std::string>{"a", "b\"c"}));
}

TEST(RequestTest, TellsOtherRequestsFromWebTransport) {
  const auto get =
      ParseRequest({{":method", "GET"}, {":scheme", "https"}, {":authority", "x"}, {":path", "/"}});
  ASSERT_TRUE(get);
  EXPECT_FALSE(get->webtransport());
  const auto proxy = ParseRequest({{":method", "CONNECT"}, {":authority", "x:1"}});
  ASSERT_TRUE(proxy);
  EXPECT_FALSE(proxy->webtransport());
}

TEST(RequestTest, RefusesMalformedRequests) {
  const auto without = [](std::string_view name) {
    Fields fields = Connect();
    std::erase_if(fields, [&](const HeaderField& field) { return field.name == name; });
    return fields;
  };
  Fields http = Connect();
  http[2].value = "http";
  Fields late = Connect({{"origin", "x"}});
  std::swap(late[4], late[5]);
  for (const Fields& fields :
       {Fields{}, without(":method"), without(":scheme"), without(":authority"), without(":path"),
        http, late, Connect({{":path", "/2"}}), Connect({{":status", "200"}}),
        Connect({{"Origin", "x"}}), Connect({{"", "x"}})}) {
    EXPECT_EQ(ParseRequest(fields).error(), H3Error::kMessageError);
  }
}

TEST(RequestTest, IgnoresOfferedProtocolsThatAreNotAList) {
  EXPECT_EQ(Protocols(R"("a")"), (std::vector<std::string>{"a"}));
  for (const char* value : {"", "a", R"("a)", R"("a\")", R"("a" "b")", R"("a",)", R"("a";q=1)",
                            "\"\x01\"", R"("a\n")"}) {
    EXPECT_TRUE(Protocols(value).empty()) << value;
  }
  std::string many = R"("0")";
  for (int i = 0; i < 100; ++i) many += R"(, "x")";
  EXPECT_EQ(Protocols(many).size(), kMaxOfferedProtocols);
}

TEST(RequestTest, ReadsBackTheRequestItWrites) {
  const ConnectRequest request{.authority = "host:1",
                               .path = "/rtc/v1",
                               .origin = "https://page",
                               .protocols = {"one", "t\"wo"}};
  const auto head = ParseRequest(DecodeHeaders(EncodeConnect(request)).value());
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->webtransport());
  EXPECT_EQ(head->connect.authority, "host:1");
  EXPECT_EQ(head->connect.path, "/rtc/v1");
  EXPECT_EQ(head->connect.origin, "https://page");
  EXPECT_EQ(head->connect.protocols, request.protocols);
}

TEST(RequestTest, ReadsBackTheAnswersItWrites) {
  const auto accept = ParseResponse(DecodeHeaders(EncodeAccept("one")).value());
  ASSERT_TRUE(accept);
  EXPECT_EQ(accept->status, 200u);
  EXPECT_EQ(accept->protocol, "one");
  for (const unsigned status : {403u, 404u, 429u, 503u}) {
    EXPECT_EQ(ParseResponse(DecodeHeaders(EncodeStatus(status)).value())->status, status);
  }
}

TEST(RequestTest, AnswersInTheWordsThatBrowsersOfDraft02Expect) {
  const auto fields = DecodeHeaders(EncodeAccept("")).value();
  ASSERT_EQ(fields.size(), 2u);
  EXPECT_EQ(fields[1].name, "sec-webtransport-http3-draft");
  EXPECT_EQ(fields[1].value, "draft02");
}

TEST(RequestTest, RefusesMalformedAnswers) {
  for (const Fields& fields :
       {Fields{}, Fields{{"a", "b"}}, Fields{{":status", "20"}}, Fields{{":status", "2x0"}},
        Fields{{":status", "200"}, {":status", "200"}}, Fields{{":status", "200"}, {"A", "b"}}}) {
    EXPECT_EQ(ParseResponse(fields).error(), H3Error::kMessageError);
  }
}

}  // namespace
}  // namespace ferry::net
