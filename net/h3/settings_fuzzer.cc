// Any payload of a SETTINGS frame: read or refused; one read still reads with a setting of greasing
// behind it, unless there are too many.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "net/h3/settings.h"
#include "net/h3/varint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ferry::net;
  const auto settings = ParseSettings({data, size});
  if (!settings) return 0;
  std::vector<uint8_t> more(data, data + size);
  AppendVarint(more, kMaxVarint);
  AppendVarint(more, 1);
  const auto again = ParseSettings(more);
  if (!again) {
    // That very setting was there already, or there was no more room.
    if (again.error() != H3Error::kSettingsError && again.error() != H3Error::kExcessiveLoad) {
      std::abort();
    }
    return 0;
  }
  if (again->datagrams != settings->datagrams || again->webtransport != settings->webtransport ||
      again->connect_protocol != settings->connect_protocol) {
    std::abort();
  }
  return 0;
}
