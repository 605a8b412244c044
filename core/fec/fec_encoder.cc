#include "core/fec/fec_encoder.h"

#include <algorithm>
#include <utility>

#include "core/fec/gf256.h"
#include "core/fec/repair_packet.h"

namespace ferry::fec {
namespace {

// RTP header and the transport-wide number's extension.
constexpr size_t kHeaderSize = 20;
static_assert(rtp::kMaxProtectedPacketSize + kMaxRepairOverhead + kHeaderSize <=
              rtp::kMaxPacketSize);

}  // namespace

void FecEncoder::Add(uint16_t number, ByteSpan packet, size_t number_offset, Timestamp now) {
  Forget(now);
  if (number_offset == 0 || packet.size() > rtp::kMaxProtectedPacketSize) return;
  sources_.push_back({number, now, MakeSymbol(packet, number_offset)});
  const auto too_far = [&](const Source& source) {
    return static_cast<uint16_t>(number - source.number) >= kMaxSpan;
  };
  while (sources_.size() > window_.packets || too_far(sources_.front())) sources_.pop_front();
}

void FecEncoder::Forget(Timestamp now) {
  while (!sources_.empty() && now - sources_.front().sent > window_.age) sources_.pop_front();
}

std::optional<rtp::RtpPacket> FecEncoder::MakeRepair(Timestamp now) {
  Forget(now);
  if (sources_.empty()) return std::nullopt;
  size_t longest = 0;
  for (const Source& source : sources_) longest = std::max(longest, source.symbol.size());
  std::vector<uint8_t> sum(longest);
  RepairPayload payload{.key = next_key_++};
  for (const Source& source : sources_) {
    payload.numbers.push_back(source.number);
    MultiplyAdd(Coefficient(payload.key, source.number), source.symbol, sum);
  }
  payload.sum = sum;
  auto packet =
      rtp::RtpPacket::Make({.payload_type = rtp::kRepairPayloadType, .ssrc = rtp::kNoStreamSsrc},
                           {.transport_sequence_number = 0}, WriteRepairPayload(payload));
  if (!packet) return std::nullopt;
  return std::move(*packet);
}

}  // namespace ferry::fec
