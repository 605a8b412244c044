#include "net/h3/settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include "net/h3/varint.h"

namespace ferry::net {
namespace {

constexpr uint64_t kQpackMaxTableCapacity = 0x01;
constexpr uint64_t kMaxFieldSectionSize = 0x06;
constexpr uint64_t kQpackBlockedStreams = 0x07;
constexpr uint64_t kEnableConnectProtocol = 0x08;
constexpr uint64_t kH3Datagram = 0x33;
constexpr uint64_t kH3DatagramDraft04 = 0xffd277;
// WebTransport's drafts each named their own. Chromium and Firefox know the first, Safari the
// third.
constexpr uint64_t kEnableWebTransportDraft02 = 0x2b603742;
constexpr uint64_t kMaxSessionsDraft07 = 0xc671706a;
constexpr uint64_t kMaxSessionsDraft13 = 0x14e9cd29;
constexpr uint64_t kEnabledDraft15 = 0x2c7cf000;

bool ReservedFromHttp2(uint64_t id) { return id == 0x00 || (id >= 0x02 && id <= 0x05); }

}  // namespace

std::expected<Settings, H3Error> ParseSettings(ByteSpan payload) {
  Settings settings;
  std::vector<uint64_t> seen;
  while (!payload.empty()) {
    const auto id = TakeVarint(payload);
    const auto value = TakeVarint(payload);
    if (!id || !value) return std::unexpected(H3Error::kFrameError);
    if (ReservedFromHttp2(*id)) return std::unexpected(H3Error::kSettingsError);
    if (std::ranges::find(seen, *id) != seen.end()) return std::unexpected(H3Error::kSettingsError);
    if (seen.size() == kMaxSettingsCount) return std::unexpected(H3Error::kExcessiveLoad);
    seen.push_back(*id);
    switch (*id) {
      case kEnableConnectProtocol:
      case kH3Datagram:
        if (*value > 1) return std::unexpected(H3Error::kSettingsError);
        (*id == kH3Datagram ? settings.datagrams : settings.connect_protocol) |= *value == 1;
        break;
      case kH3DatagramDraft04:
        settings.datagrams |= *value == 1;
        break;
      case kEnableWebTransportDraft02:
      case kMaxSessionsDraft07:
      case kMaxSessionsDraft13:
      case kEnabledDraft15:
        settings.webtransport |= *value >= 1;
        break;
      default:
        break;
    }
  }
  return settings;
}

std::vector<uint8_t> OurSettings() {
  // No dynamic table: without one neither side needs QPACK's own two streams. And no
  // SETTINGS_WT_INITIAL_MAX_*: sessions have no flow control of their own (capsule.h).
  constexpr std::array<std::pair<uint64_t, uint64_t>, 9> kSettings{
      {{kQpackMaxTableCapacity, 0},
       {kQpackBlockedStreams, 0},
       {kMaxFieldSectionSize, kMaxHeaderBytes},
       {kEnableConnectProtocol, 1},
       {kH3Datagram, 1},
       {kEnableWebTransportDraft02, 1},
       {kMaxSessionsDraft07, 1},
       {kMaxSessionsDraft13, 1},
       {kEnabledDraft15, 1}}};
  std::vector<uint8_t> out;
  for (const auto& [id, value] : kSettings) {
    AppendVarint(out, id);
    AppendVarint(out, value);
  }
  return out;
}

}  // namespace ferry::net
