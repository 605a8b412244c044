// Any bytes on a control stream or a request stream: the same events however the bytes are cut, and
// no more kept than a frame that is read whole may have. The first byte chooses stream and role,
// and how many KiB of zeros follow the input, so that a short one holds a long frame; the second
// where the bytes are cut.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/testing/check.h"
#include "net/h3/stream_reader.h"

namespace {

using namespace ferry;
using namespace ferry::net;

// What a reader says, as text; a body counts whole, whatever pieces it comes in.
template <typename Reader, typename Describe>
std::string Read(Reader reader, size_t max_kept, ByteSpan first, ByteSpan second,
                 Describe describe) {
  std::string said;
  for (ByteSpan data : {first, second}) {
    for (;;) {
      const auto event = reader.Next(data);
      Check(reader.kept() <= max_kept);
      if (!event) return said + " error " + std::to_string(Code(event.error()));
      if (!*event) break;
      describe(said, **event);
    }
    Check(data.empty());
  }
  return said;
}

std::string ReadControl(EndpointRole role, ByteSpan first, ByteSpan second) {
  const auto describe = [](std::string& said, const ControlStreamReader::Event& event) {
    said += std::holds_alternative<Settings>(event) ? "settings " : "goaway ";
  };
  return Read(ControlStreamReader(role), kMaxSettingsBytes, first, second, describe);
}

std::string ReadMessage(ByteSpan first, ByteSpan second) {
  const auto describe = [](std::string& said, const MessageReader::Event& event) {
    if (event.headers) said += " headers ";
    said.append(event.bytes.begin(), event.bytes.end());
  };
  return Read(MessageReader(), kMaxHeaderBytes, first, second, describe);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  std::vector<uint8_t> filled(data + 2, data + size);
  filled.resize(filled.size() + data[0] / 3 * size_t{1024});
  const ByteSpan bytes(filled);
  const size_t cut = data[1] % (bytes.size() + 1);
  const ByteSpan first = bytes.first(cut), second = bytes.subspan(cut);
  if (data[0] % 3 == 2) {
    Check(ReadMessage(bytes, {}) == ReadMessage(first, second));
    return 0;
  }
  const EndpointRole role = data[0] % 3 == 0 ? EndpointRole::kServer : EndpointRole::kClient;
  Check(ReadControl(role, bytes, {}) == ReadControl(role, first, second));
  return 0;
}
