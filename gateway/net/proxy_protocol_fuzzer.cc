// Any bytes, in pieces of any size: within limits, and the same answer however they are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include "gateway/net/proxy_protocol.h"

namespace {

using ferry::ByteSpan;
using ferry::gateway::IpAddress;
using ferry::gateway::ProxyHeaderParser;

constexpr size_t kMostTaken =
    std::max(ProxyHeaderParser::kMaxV1Bytes,
             ProxyHeaderParser::kV2HeadBytes + ProxyHeaderParser::kMaxV2BodyBytes);

struct Seen {
  ProxyHeaderParser::State state;
  std::optional<IpAddress> source;
  size_t taken;
  bool operator==(const Seen&) const = default;
};

Seen Read(ByteSpan bytes, size_t piece) {
  using enum ProxyHeaderParser::State;
  ProxyHeaderParser parser;
  size_t taken = 0;
  while (parser.state() == kMore && taken < bytes.size()) {
    const ByteSpan given = bytes.subspan(taken, std::min(piece, bytes.size() - taken));
    const size_t now = parser.Take(given);
    // What is not taken at once is never taken.
    if (now > given.size() || (now < given.size() && parser.state() == kMore)) std::abort();
    taken += now;
  }
  if (taken > kMostTaken) std::abort();
  const bool header = ProxyHeaderParser::IsHeader(bytes);
  if (header && parser.state() == kAbsent) std::abort();
  if (!header && (parser.state() == kDone || parser.state() == kMalformed)) std::abort();
  if (parser.state() != kDone && parser.source()) std::abort();
  if ((parser.state() == kMalformed) == parser.fault().empty()) std::abort();
  // Nothing that is not the header's is lost.
  if (parser.state() == kAbsent && !std::ranges::equal(parser.taken(), bytes.first(taken))) {
    std::abort();
  }
  return {parser.state(), parser.source(), taken};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const ByteSpan bytes(data + 1, size - 1);
  if (Read(bytes, bytes.size() + 1) != Read(bytes, 1 + data[0])) std::abort();
  return 0;
}
