#include "net/h3/request.h"

#include <algorithm>
#include <array>
#include <optional>

namespace ferry::net {
namespace {

// Entries of QPACK's static table (RFC 9204 appendix A).
constexpr uint8_t kAuthority = 0;
constexpr uint8_t kPath = 1;
constexpr uint8_t kMethodConnect = 15;
constexpr uint8_t kSchemeHttps = 23;
constexpr uint8_t kStatus = 24;
constexpr uint8_t kOrigin = 90;

bool HasUpperCase(std::string_view name) {
  return std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// A quoted string at the front of `text` (RFC 8941 §3.3.3); takes it.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  if (text.empty() || text[0] != '"') return std::nullopt;
  std::string out;
  for (size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      text.remove_prefix(i + 1);
      return out;
    }
    if (c == '\\' && (++i == text.size() || (text[i] != '"' && text[i] != '\\'))) break;
    if (text[i] < 0x20 || text[i] > 0x7e) break;
    out.push_back(text[i]);
  }
  return std::nullopt;
}

void TrimFront(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

// A list of quoted strings (RFC 8941 §3.1). One that is not well formed counts as absent, as the
// draft says; so do parameters, of which none are defined.
std::vector<std::string> ParseProtocols(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    TrimFront(text);
    auto item = TakeQuoted(text);
    if (!item) return {};
    if (out.size() < kMaxOfferedProtocols) out.push_back(std::move(*item));
    TrimFront(text);
    if (text.empty()) return out;
    if (text[0] != ',') return {};
    text.remove_prefix(1);
  }
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

}  // namespace

std::expected<RequestHead, H3Error> ParseRequest(const std::vector<HeaderField>& fields) {
  const auto malformed = std::unexpected(H3Error::kMessageError);
  RequestHead head;
  std::string scheme;
  struct Pseudo {
    std::string_view name;
    std::string* value;
    bool seen = false;
  };
  std::array<Pseudo, 5> pseudos{{{":method", &head.method},
                                 {":protocol", &head.protocol},
                                 {":scheme", &scheme},
                                 {":authority", &head.connect.authority},
                                 {":path", &head.connect.path}}};
  bool regular = false;
  for (const auto& [name, value] : fields) {
    if (name.empty() || HasUpperCase(name)) return malformed;
    if (name[0] == ':') {
      const auto pseudo = std::ranges::find(pseudos, name, &Pseudo::name);
      if (regular || pseudo == pseudos.end() || pseudo->seen) return malformed;
      pseudo->seen = true;
      *pseudo->value = value;
      continue;
    }
    regular = true;
    if (name == "origin") head.connect.origin = value;
    if (name == "wt-available-protocols") head.connect.protocols = ParseProtocols(value);
  }
  if (head.method.empty()) return malformed;
  const bool plain_connect = head.method == "CONNECT" && head.protocol.empty();
  // A plain CONNECT names only where to; everything else has these.
  if (!plain_connect && (scheme.empty() || head.connect.path.empty())) return malformed;
  if (head.webtransport() && (scheme != "https" || head.connect.authority.empty())) {
    return malformed;
  }
  return head;
}

std::expected<ResponseHead, H3Error> ParseResponse(const std::vector<HeaderField>& fields) {
  const auto malformed = std::unexpected(H3Error::kMessageError);
  if (fields.empty() || fields[0].name != ":status" || fields[0].value.size() != 3) {
    return malformed;
  }
  ResponseHead head;
  for (const char digit : fields[0].value) {
    if (digit < '0' || digit > '9') return malformed;
    head.status = head.status * 10 + static_cast<unsigned>(digit - '0');
  }
  for (auto field = fields.begin() + 1; field != fields.end(); ++field) {
    if (field->name.empty() || field->name[0] == ':' || HasUpperCase(field->name)) return malformed;
    if (field->name == "wt-protocol") {
      std::string_view value = field->value;
      head.protocol = TakeQuoted(value).value_or("");
    }
  }
  return head;
}

std::vector<uint8_t> EncodeConnect(const ConnectRequest& request) {
  HeaderEncoder encoder;
  encoder.Indexed(kMethodConnect);
  encoder.Literal(":protocol", "webtransport");
  encoder.Indexed(kSchemeHttps);
  encoder.NameOf(kAuthority, request.authority);
  encoder.NameOf(kPath, request.path);
  if (!request.origin.empty()) encoder.NameOf(kOrigin, request.origin);
  encoder.Literal("sec-webtransport-http3-draft02", "1");
  if (!request.protocols.empty()) {
    std::string list;
    for (const auto& protocol : request.protocols) {
      if (!list.empty()) list += ", ";
      list += Quoted(protocol);
    }
    encoder.Literal("wt-available-protocols", list);
  }
  return encoder.block();
}

std::vector<uint8_t> EncodeAccept(std::string_view protocol) {
  HeaderEncoder encoder;
  encoder.Indexed(kStatus + 1);  // 200
  encoder.Literal("sec-webtransport-http3-draft", "draft02");
  if (!protocol.empty()) encoder.Literal("wt-protocol", Quoted(protocol));
  return encoder.block();
}

std::vector<uint8_t> EncodeStatus(unsigned status) {
  HeaderEncoder encoder;
  encoder.NameOf(kStatus, std::to_string(status));
  return encoder.block();
}

}  // namespace ferry::net
