#include "gateway/net/proxy_protocol.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace ferry::gateway {
namespace {

constexpr std::string_view kV1Signature = "PROXY ";
constexpr std::string_view kV2Signature = {"\r\n\r\n\0\r\nQUIT\n", 12};

// §2.2, the byte behind the signature: the version, and what the proxy says.
constexpr uint8_t kVersion2 = 2;
constexpr uint8_t kLocal = 0;
constexpr uint8_t kProxy = 1;
// The next one: family and transport.
constexpr uint8_t kUnspecified = 0x00;
constexpr uint8_t kTcpOverV4 = 0x11;
constexpr uint8_t kTcpOverV6 = 0x21;
constexpr uint8_t kUnixStream = 0x31;
// Source and destination, each with its port.
constexpr size_t kV4Bytes = 2 * (4 + 2);
constexpr size_t kV6Bytes = 2 * (16 + 2);

bool IsPrefix(ByteSpan bytes, std::string_view signature) {
  return bytes.size() <= signature.size() &&
         std::ranges::equal(bytes, signature.substr(0, bytes.size()), {}, {},
                            [](char c) { return static_cast<uint8_t>(c); });
}

bool IsPort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() &&
         (text.size() == 1 || text.front() != '0');
}

// At single spaces.
std::vector<std::string_view> Split(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    const size_t space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == line.npos) return words;
    line.remove_prefix(space + 1);
  }
}

}  // namespace

bool ProxyHeaderParser::IsHeader(ByteSpan begin) {
  const auto begins = [&](std::string_view signature) {
    return begin.size() >= signature.size() && IsPrefix(begin.first(signature.size()), signature);
  };
  return begins(kV1Signature) || begins(kV2Signature);
}

size_t ProxyHeaderParser::Take(ByteSpan bytes) {
  size_t taken = 0;
  while (state_ == State::kMore && taken < bytes.size()) {
    const ByteSpan rest = bytes.subspan(taken);
    switch (part_) {
      case Part::kSignature:
        taken += TakeSignature(rest);
        break;
      case Part::kLine:
        taken += TakeLine(rest);
        break;
      case Part::kHead:
        taken += TakeHead(rest);
        break;
      case Part::kBody:
        taken += TakeBody(rest);
        break;
    }
  }
  return taken;
}

size_t ProxyHeaderParser::TakeSignature(ByteSpan bytes) {
  Hold(bytes.front());
  const ByteSpan held = taken();
  if (!IsPrefix(held, kV1Signature) && !IsPrefix(held, kV2Signature)) {
    --held_size_;
    state_ = State::kAbsent;
    return 0;
  }
  if (held_size_ == kV1Signature.size() && IsPrefix(held, kV1Signature)) part_ = Part::kLine;
  if (held_size_ == kV2Signature.size()) part_ = Part::kHead;
  return 1;
}

size_t ProxyHeaderParser::TakeLine(ByteSpan bytes) {
  Hold(bytes.front());
  if (bytes.front() == '\n') {
    ParseLine();
  } else if (held_size_ == kMaxV1Bytes) {
    Refuse("its line does not end");
  }
  return 1;
}

size_t ProxyHeaderParser::TakeHead(ByteSpan bytes) {
  Hold(bytes.front());
  if (held_size_ == kV2HeadBytes) ParseHead();
  return 1;
}

size_t ProxyHeaderParser::TakeBody(ByteSpan bytes) {
  const size_t size = std::min(bytes.size(), body_left_);
  for (size_t i = 0; i < size && held_size_ < address_bytes_; ++i) Hold(bytes[i]);
  body_left_ -= size;
  if (body_left_ == 0) ParseAddresses();
  return size;
}

// §2.1.
void ProxyHeaderParser::ParseLine() {
  const std::string_view line(reinterpret_cast<const char*>(held_.data()), held_size_);
  if (!line.ends_with("\r\n")) return Refuse("its line does not end with CR LF");
  const auto words = Split(line.substr(0, line.size() - 2));
  if (words[1] == "UNKNOWN") {
    // Whatever else the line says is to be ignored.
    state_ = State::kDone;
    return;
  }
  const bool v4 = words[1] == "TCP4";
  if (!v4 && words[1] != "TCP6") return Refuse("its protocol is none of TCP4, TCP6, UNKNOWN");
  if (words.size() != 6) return Refuse("it has not two addresses and two ports");
  const auto source = IpAddress::Parse(words[2]);
  const auto destination = IpAddress::Parse(words[3]);
  // An IPv6 address has colons, mapped or not.
  const auto fits = [&](const std::optional<IpAddress>& address, std::string_view text) {
    return address && text.contains(':') != v4;
  };
  if (!fits(source, words[2]) || !fits(destination, words[3])) {
    return Refuse("its addresses are not of its protocol");
  }
  if (!IsPort(words[4]) || !IsPort(words[5])) return Refuse("its ports are none");
  source_ = source;
  state_ = State::kDone;
}

// §2.2.
void ProxyHeaderParser::ParseHead() {
  const uint8_t version = held_[12] >> 4;
  const uint8_t command = held_[12] & 0x0F;
  const uint8_t family = held_[13];
  body_left_ = static_cast<size_t>(held_[14]) << 8 | held_[15];
  if (version != kVersion2) return Refuse("its version is not 2");
  if (command != kLocal && command != kProxy) return Refuse("its command is none");
  if (body_left_ > kMaxV2BodyBytes) return Refuse("it is too long");
  held_size_ = 0;
  if (command == kProxy) {
    switch (family) {
      case kTcpOverV4:
        address_bytes_ = kV4Bytes;
        break;
      case kTcpOverV6:
        address_bytes_ = kV6Bytes;
        break;
      case kUnspecified:
      case kUnixStream:
        break;
      default:
        return Refuse("its family is none that TCP is proxied for");
    }
  }
  if (body_left_ < address_bytes_) return Refuse("it is too short for its addresses");
  part_ = Part::kBody;
  if (body_left_ == 0) ParseAddresses();
}

void ProxyHeaderParser::ParseAddresses() {
  if (address_bytes_ == kV4Bytes) source_ = IpAddress::V4(ByteSpan(held_).first(4));
  if (address_bytes_ == kV6Bytes) source_ = IpAddress::V6(ByteSpan(held_).first(16));
  state_ = State::kDone;
}

void ProxyHeaderParser::Refuse(std::string_view why) {
  fault_ = why;
  state_ = State::kMalformed;
}

}  // namespace ferry::gateway
