// Any payload of a SETTINGS frame: read or refused, and never too many; one read still reads with a
// setting of greasing behind it, unless that was there already or there is no more room.
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "core/base/testing/check.h"
#include "net/h3/settings.h"
#include "net/h3/varint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry;
  using namespace ferry::net;
  const auto settings = ParseSettings({data, size});
  if (!settings) return 0;
  std::set<uint64_t> ids;
  for (ByteSpan rest(data, size); !rest.empty();) {
    const auto id = TakeVarint(rest);
    Check(id && TakeVarint(rest) && ids.insert(*id).second);
  }
  Check(ids.size() <= kMaxSettingsCount);
  std::vector<uint8_t> more(data, data + size);
  AppendVarint(more, kMaxVarint);
  AppendVarint(more, 1);
  const auto again = ParseSettings(more);
  if (ids.contains(kMaxVarint)) {
    Check(!again && again.error() == H3Error::kSettingsError);
  } else if (ids.size() == kMaxSettingsCount) {
    Check(!again && again.error() == H3Error::kExcessiveLoad);
  } else {
    Check(again && again->datagrams == settings->datagrams &&
          again->webtransport == settings->webtransport &&
          again->connect_protocol == settings->connect_protocol);
  }
  return 0;
}
