#include "gateway/net/proxy_protocol.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ferry::gateway {
namespace {

using namespace std::string_literals;
using State = ProxyHeaderParser::State;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

ByteSpan Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string V2(uint8_t command, uint8_t family, const std::string& body) {
  std::string header = kSignature;
  header += static_cast<char>(command);
  header += static_cast<char>(family);
  header += static_cast<char>(body.size() >> 8);
  header += static_cast<char>(body.size());
  return header + body;
}
// 192.0.2.7:4660 to 198.51.100.1:443.
const std::string kV4Body = "\xC0\x00\x02\x07\xC6\x33\x64\x01\x12\x34\x01\xBB"s;
const std::string kV6Body = "\x20\x01\x0D\xB8"s + std::string(11, '\0') + "\x09"s +
                            std::string(15, '\0') + "\x01\x12\x34\x01\xBB"s;
const std::string kTlv = "\x03\x00\x04\x12\x34\x56\x78"s;

// What the header says, with all bytes at once and then one at a time, before something else.
std::string Read(const std::string& header, const std::string& behind = "\x16\x03") {
  std::string answer;
  for (const size_t piece : {header.size() + behind.size(), size_t{1}}) {
    ProxyHeaderParser parser;
    const std::string all = header + behind;
    size_t taken = 0;
    while (parser.state() == State::kMore && taken < all.size()) {
      taken += parser.Take(Bytes(std::string_view(all).substr(taken, piece)));
    }
    std::string now;
    switch (parser.state()) {
      case State::kMore:
        now = "more";
        break;
      case State::kDone:
        EXPECT_EQ(taken, header.size()) << "and nothing that is not the header's";
        now = parser.source() ? parser.source()->Text() : "the proxy";
        break;
      case State::kAbsent:
        EXPECT_TRUE(all.starts_with(std::string(parser.taken().begin(), parser.taken().end())));
        EXPECT_EQ(parser.taken().size(), taken);
        now = "absent";
        break;
      case State::kMalformed:
        now = parser.fault();
        break;
    }
    EXPECT_TRUE(answer.empty() || answer == now) << answer << " or " << now;
    answer = now;
  }
  return answer;
}

TEST(ProxyHeaderParser, ReadsVersion1) {
  EXPECT_EQ(Read("PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n"), "192.0.2.7");
  EXPECT_EQ(Read("PROXY TCP6 2001:db8::9 ::1 65535 0\r\n"), "2001:db8::9");
  const std::string longest =
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
  EXPECT_EQ(Read(longest), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(Read("PROXY UNKNOWN\r\n"), "the proxy");
  EXPECT_EQ(Read("PROXY UNKNOWN ffff::1 whatever it says\r\n"), "the proxy");
}

TEST(ProxyHeaderParser, RefusesWhatIsNoVersion1) {
  const std::string protocol = "its protocol is none of TCP4, TCP6, UNKNOWN";
  const std::string addresses = "its addresses are not of its protocol";
  const std::string ports = "its ports are none";
  const std::string count = "it has not two addresses and two ports";
  EXPECT_EQ(Read("PROXY \r\n"), protocol);
  EXPECT_EQ(Read("PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n"), protocol);
  EXPECT_EQ(Read("PROXY  TCP4 192.0.2.7 198.51.100.1 1 2\r\n"), protocol);
  EXPECT_EQ(Read("PROXY TCP4 192.0.2.7 198.51.100.1 1\r\n"), count);
  EXPECT_EQ(Read("PROXY TCP4 192.0.2.7 198.51.100.1 1 2 \r\n"), count);
  EXPECT_EQ(Read("PROXY TCP4 192.0.2.7 198.51.100 1 2\r\n"), addresses);
  EXPECT_EQ(Read("PROXY TCP4 ::ffff:192.0.2.7 198.51.100.1 1 2\r\n"), addresses);
  EXPECT_EQ(Read("PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n"), addresses);
  EXPECT_EQ(Read("PROXY TCP4 192.0.2.7\0x 198.51.100.1 1 2\r\n"s), addresses);
  for (const char* port : {"65536", "-1", "+1", "01", "", "1x", "0x1"}) {
    EXPECT_EQ(Read("PROXY TCP4 192.0.2.7 198.51.100.1 1 "s + port + "\r\n"), ports) << port;
  }
  EXPECT_EQ(Read("PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n"), "its line does not end with CR LF");
  EXPECT_EQ(Read("PROXY UNKNOWN "s + std::string(94, 'x')), "its line does not end");
}

TEST(ProxyHeaderParser, ReadsVersion2) {
  EXPECT_EQ(Read(V2(0x21, 0x11, kV4Body)), "192.0.2.7");
  EXPECT_EQ(Read(V2(0x21, 0x21, kV6Body)), "2001:db8::9");
}

TEST(ProxyHeaderParser, SkipsWhatFollowsTheAddresses) {
  EXPECT_EQ(Read(V2(0x21, 0x11, kV4Body + kTlv)), "192.0.2.7");
  EXPECT_EQ(Read(V2(0x21, 0x21, kV6Body + kTlv + kTlv)), "2001:db8::9");
  const std::string most(ProxyHeaderParser::kMaxV2BodyBytes - kV4Body.size(), '\x04');
  EXPECT_EQ(Read(V2(0x21, 0x11, kV4Body + most)), "192.0.2.7");
}

TEST(ProxyHeaderParser, AProxyMaySpeakForItself) {
  EXPECT_EQ(Read(V2(0x20, 0x00, "")), "the proxy");
  EXPECT_EQ(Read(V2(0x20, 0x11, kV4Body)), "the proxy") << "LOCAL, whatever follows";
  EXPECT_EQ(Read(V2(0x20, 0xFF, kTlv)), "the proxy");
  EXPECT_EQ(Read(V2(0x21, 0x00, kTlv)), "the proxy") << "UNSPEC";
  EXPECT_EQ(Read(V2(0x21, 0x31, std::string(216, '/'))), "the proxy") << "a UNIX socket";
}

TEST(ProxyHeaderParser, RefusesWhatIsNoVersion2) {
  EXPECT_EQ(Read(V2(0x11, 0x11, kV4Body)), "its version is not 2");
  EXPECT_EQ(Read(V2(0x31, 0x11, kV4Body)), "its version is not 2");
  EXPECT_EQ(Read(V2(0x22, 0x11, kV4Body)), "its command is none");
  for (const int family : {0x01, 0x10, 0x12, 0x22, 0x32, 0x41}) {
    EXPECT_EQ(Read(V2(0x21, static_cast<uint8_t>(family), kV6Body)),
              "its family is none that TCP is proxied for")
        << family;
  }
  EXPECT_EQ(Read(V2(0x21, 0x11, kV4Body.substr(1))), "it is too short for its addresses");
  EXPECT_EQ(Read(V2(0x21, 0x21, kV4Body)), "it is too short for its addresses");
  const std::string too_long(ProxyHeaderParser::kMaxV2BodyBytes + 1, '\0');
  EXPECT_EQ(Read(V2(0x20, 0x00, too_long)), "it is too long");
}

TEST(ProxyHeaderParser, WaitsForTheWholeHeader) {
  const std::string v1 = "PROXY TCP4 192.0.2.7 198.51.100.1 4660 443\r\n";
  const std::string v2 = V2(0x21, 0x11, kV4Body + kTlv);
  for (const std::string& header : {v1, v2}) {
    for (size_t size = 0; size < header.size(); ++size) {
      EXPECT_EQ(Read(header.substr(0, size), ""), "more") << size;
    }
  }
}

TEST(ProxyHeaderParser, LeavesWhatIsNoHeader) {
  for (const std::string& begin :
       {"\x16\x03\x01"s, "GET / HTTP/1.1\r\n"s, "POST / HTTP/1.1\r\n"s, "PROPFIND"s, "PROXY\r\n"s,
        "\r\n\r\n\0\r\nQUIT!"s, "\r\n\r\nGET"s}) {
    EXPECT_EQ(Read(begin), "absent") << begin;
    EXPECT_FALSE(ProxyHeaderParser::IsHeader(Bytes(begin))) << begin;
  }
}

TEST(ProxyHeaderParser, KnowsAHeaderByItsSignature) {
  EXPECT_TRUE(ProxyHeaderParser::IsHeader(Bytes("PROXY ")));
  EXPECT_FALSE(ProxyHeaderParser::IsHeader(Bytes("PROXY")));
  EXPECT_TRUE(ProxyHeaderParser::IsHeader(Bytes(kSignature)));
  EXPECT_FALSE(ProxyHeaderParser::IsHeader(Bytes(kSignature.substr(0, 11))));
}

}  // namespace
}  // namespace ferry::gateway
