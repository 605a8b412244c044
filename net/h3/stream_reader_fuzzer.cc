// Any bytes on a control stream or a request stream: the same events however the bytes are cut. The
// first byte chooses stream and role, the second where the bytes are cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "net/h3/stream_reader.h"

namespace {

using namespace ferry;
using namespace ferry::net;

// What a reader says, as text; a body counts whole, whatever pieces it comes in.
template <typename Reader, typename Describe>
std::string Read(Reader reader, ByteSpan first, ByteSpan second, Describe describe) {
  std::string said;
  for (ByteSpan data : {first, second}) {
    for (;;) {
      const auto event = reader.Next(data);
      if (!event) return said + " error " + std::to_string(Code(event.error()));
      if (!*event) break;
      describe(said, **event);
    }
    if (!data.empty()) std::abort();
  }
  return said;
}

std::string ReadControl(EndpointRole role, ByteSpan first, ByteSpan second) {
  const auto describe = [](std::string& said, const ControlStreamReader::Event& event) {
    said += std::holds_alternative<Settings>(event) ? "settings " : "goaway ";
  };
  return Read(ControlStreamReader(role), first, second, describe);
}

std::string ReadMessage(ByteSpan first, ByteSpan second) {
  const auto describe = [](std::string& said, const MessageReader::Event& event) {
    if (event.headers) said += " headers ";
    if (event.headers && event.bytes.size() > kMaxHeaderBytes) std::abort();
    said.append(event.bytes.begin(), event.bytes.end());
  };
  return Read(MessageReader(), first, second, describe);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const ByteSpan bytes(data + 2, size - 2);
  const size_t cut = bytes.empty() ? 0 : data[1] % (bytes.size() + 1);
  const ByteSpan first = bytes.first(cut), second = bytes.subspan(cut);
  if (data[0] % 3 == 2) {
    if (ReadMessage(bytes, {}) != ReadMessage(first, second)) std::abort();
    return 0;
  }
  const EndpointRole role = data[0] % 3 == 0 ? EndpointRole::kServer : EndpointRole::kClient;
  if (ReadControl(role, bytes, {}) != ReadControl(role, first, second)) std::abort();
  return 0;
}
