#include "gateway/net/forwarded.h"

#include <algorithm>

namespace ferry::gateway {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(kSpace)));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// An address, as some proxies write it also with its port: 192.0.2.7:80, [2001:db8::1]:80.
std::optional<IpAddress> ParseHop(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == text.npos || (end + 1 < text.size() && text[end + 1] != ':')) return std::nullopt;
    return IpAddress::Parse(text.substr(1, end - 1));
  }
  const bool with_port = std::ranges::count(text, ':') == 1;
  return IpAddress::Parse(with_port ? text.substr(0, text.find(':')) : text);
}

}  // namespace

IpAddress ClientOf(std::string_view x_forwarded_for, const IpAddress& peer,
                   const TrustedProxies& proxies) {
  IpAddress client = peer;
  std::string_view rest = x_forwarded_for;
  for (int hops = 0; hops < kMaxForwardedHops && !rest.empty(); ++hops) {
    if (!proxies.Contains(client)) break;
    const size_t comma = rest.rfind(',');
    const size_t begin = comma == rest.npos ? 0 : comma + 1;
    const auto hop = ParseHop(Trimmed(rest.substr(begin)));
    if (!hop) break;
    client = *hop;
    rest = rest.substr(0, comma == rest.npos ? 0 : comma);
  }
  return client;
}

}  // namespace ferry::gateway
