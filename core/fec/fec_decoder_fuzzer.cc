// Any repair packets are taken or refused within the decoder's bounds; and whatever is lost of what
// an honest sender sends, what comes back is what was sent.
#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "core/base/testing/check.h"
#include "core/fec/fec_decoder.h"
#include "core/fec/fec_encoder.h"
#include "core/rtp/rtp_packet.h"

namespace {

using namespace ferry;

void CheckBounds(const fec::FecDecoder& decoder) {
  Check(decoder.equations() <= fec::FecDecoder::kMaxEquations);
  Check(decoder.packets_kept() <= 3 * fec::kMaxSpan);
}

// Each two bytes: what is done, and a size.
void RunHonestSender(ByteSpan script) {
  fec::FecEncoder encoder({.age = Duration::Seconds(1), .packets = 48});
  fec::FecDecoder decoder;
  std::map<uint16_t, std::vector<uint8_t>> sent;
  Timestamp now = Timestamp::Millis(1000);
  uint16_t number = 0xFFF0;
  for (size_t i = 0; i + 1 < script.size(); i += 2) {
    const bool lost = (script[i] & 1) != 0;
    now += Duration::Millis(script[i] >> 4);
    if ((script[i] & 6) == 6) {
      if (const auto repair = encoder.MakeRepair(now); repair && !lost) {
        Check(decoder.OnRepair(repair->payload()).has_value());
      }
      ++number;
    } else {
      const std::vector<uint8_t> payload(script[i + 1] + size_t{1}, script[i]);
      auto packet = *rtp::RtpPacket::Make({.sequence_number = number},
                                          {.transport_sequence_number = 0}, payload);
      sent[number] = packet.bytes;
      const size_t offset = packet.transport_sequence_number_offset;
      encoder.Add(number, packet.bytes, offset, now);
      if (!lost) decoder.OnPacket(number, packet.bytes, offset);
      ++number;
    }
    while (const auto packet = decoder.TakeRecovered()) {
      const auto view = rtp::ParseRtp(*packet);
      Check(view.has_value() && sent[view->header.sequence_number] == *packet);
    }
    CheckBounds(decoder);
  }
}

// Each run of bytes, its size first, is a repair packet, or a packet if its first byte is odd.
void RunAnySender(ByteSpan input) {
  fec::FecDecoder decoder;
  ByteReader reader(input);
  while (reader.remaining() > 3) {
    const ByteSpan bytes = reader.Bytes(std::min<size_t>(reader.U8(), reader.remaining()));
    if (bytes.size() > 16 && (bytes[0] & 1) != 0) {
      decoder.OnPacket(static_cast<uint16_t>(bytes[1] << 8 | bytes[2]), bytes, 4);
    } else {
      (void)decoder.OnRepair(bytes);
    }
    while (const auto packet = decoder.TakeRecovered()) Check(!packet->empty());
    CheckBounds(decoder);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteSpan input(data, size);
  if ((input[0] & 1) != 0) {
    RunHonestSender(input.subspan(1).first(std::min<size_t>(size - 1, 2048)));
  } else {
    RunAnySender(input.subspan(1));
  }
  return 0;
}
