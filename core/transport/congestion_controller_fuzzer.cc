// Whatever is sent, and whatever feedback says: the target stays within its limits, and what is
// measured is possible.

#include "core/base/testing/check.h"
#include "core/transport/congestion_controller.h"

namespace {

using namespace ferry;
using namespace ferry::transport;

rtp::TransportFeedback ReadFeedback(ByteReader& reader) {
  rtp::TransportFeedback feedback;
  feedback.reference_time = static_cast<int32_t>(reader.U24() << 8) >> 8;
  uint16_t number = reader.U16();
  for (size_t count = reader.U8(); count > 0; --count) {
    const auto arrival = static_cast<int16_t>(reader.U16());
    feedback.packets.push_back({.sequence_number = number++,
                                .received = arrival % 4 != 0,
                                .arrival = Duration::Micros(int64_t{arrival} * 250)});
  }
  return feedback;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const CongestionConfig config{.min = DataRate::KilobitsPerSec(50),
                                .max = DataRate::KilobitsPerSec(20'000)};
  CongestionController controller(config);
  controller.SetWantedRate(config.max);
  ByteReader reader(ByteSpan(data, size));
  Timestamp now = Timestamp::Millis(1'000'000);
  uint16_t number = 0;
  ProbeClusterId probe = kNoProbe;
  while (reader.ok() && reader.remaining() > 0) {
    switch (reader.U8() % 6) {
      case 0:
        for (size_t count = reader.U8(); count > 0; --count) {
          controller.OnPacketSent(number++, 1150, now, probe);
          now += Duration::Millis(1);
        }
        break;
      case 1: {
        const uint16_t sent = reader.U16();
        const size_t bytes = reader.U16();
        controller.OnPacketSent(sent, bytes, now, reader.U8());
        break;
      }
      case 2:
        controller.OnFeedback(ReadFeedback(reader), now);
        break;
      case 3:
        now += Duration::Millis(reader.U16());
        break;
      case 4:
        if (const auto next = controller.NextProbe(now)) probe = next->id;
        break;
      case 5:
        controller.OnLocalQueueDelay(Duration::Millis(reader.U8()), now);
        break;
    }
    Check(controller.target() >= config.min && controller.target() <= config.max);
    Check(controller.pacing_rate() >= controller.target());
    Check(controller.loss() >= 0 && controller.loss() <= 1);
    Check(controller.round_trip() >= Duration::Zero());
    Check(controller.queue_delay() >= Duration::Zero());
  }
  return 0;
}
