// Any header: an address that stands in it or is the peer's, and nobody's word beyond that of the
// first who is not trusted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/net/forwarded.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry::gateway;
  static const TrustedProxies trusted = TrustedProxies::Parse({"10.0.0.0/8", "::1"}).value();
  static const IpAddress proxy = IpAddress::Parse("10.0.0.1").value();
  static const IpAddress untrusted = IpAddress::Parse("192.0.2.7").value();
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string_view header = text;
  if (ClientOf(header, untrusted, trusted) != untrusted) std::abort();
  const IpAddress client = ClientOf(header, proxy, trusted);
  // What stands to the left of an untrusted address changes nothing.
  if (!trusted.Contains(client) && ClientOf("203.0.113.1, " + text, proxy, trusted) != client) {
    std::abort();
  }
  if (ClientOf(text + ", 192.0.2.7", proxy, trusted) != untrusted) std::abort();
  return 0;
}
