#include "net/h3/h3_error.h"

namespace ferry::net {
namespace {

constexpr uint64_t kFirst = 0x52e4a40fa8db;
constexpr uint64_t kLast = 0x52e5ac983162;

}  // namespace

uint64_t ToHttp3Code(uint32_t webtransport_code) {
  return kFirst + webtransport_code + webtransport_code / 0x1e;
}

std::optional<uint32_t> FromHttp3Code(uint64_t http3_code) {
  if (http3_code < kFirst || http3_code > kLast) return std::nullopt;
  if ((http3_code - 0x21) % 0x1f == 0) return std::nullopt;
  const uint64_t offset = http3_code - kFirst;
  return static_cast<uint32_t>(offset - offset / 0x1f);
}

}  // namespace ferry::net
