// Whatever a gateway says, over and over: each line of the input is one message; an empty line is a
// new connection.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "client/signaling/control_channel.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using ferry::Duration;
  ferry::client::ControlChannel channel;
  ferry::Timestamp now = ferry::Timestamp::Millis(1'000'000);
  static_cast<void>(channel.Join({}));
  channel.OnConnected(now);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int lines = 0; lines < 1000 && !rest.empty(); ++lines) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (line.empty()) {
      channel.OnDisconnected();
      channel.OnConnected(now);
    } else {
      static_cast<void>(channel.Receive(line, now));
      static_cast<void>(channel.Subscribe("s1", nullptr));
    }
    now += Duration::Millis(500);
    channel.Tick(now);
    while (channel.NextMessage()) {
    }
  }
  return 0;
}
