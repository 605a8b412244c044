// Any bytes parse or are refused; what parses is written back to the same packet, and rewriting
// changes each field and no other.
#include <algorithm>
#include <array>
#include <vector>

#include "core/base/testing/check.h"
#include "core/rtp/rtp_packet.h"

namespace {

using namespace ferry;
using namespace ferry::rtp;

void CheckSame(const RtpPacketView& a, const RtpPacketView& b) {
  Check(a.header == b.header && a.extensions == b.extensions);
  Check(std::ranges::equal(a.payload, b.payload));
}

void CheckRoundTrip(const RtpPacketView& view) {
  std::array<uint8_t, kMaxReceivedPacketSize> buffer;
  const auto size = WriteRtp(view.header, view.extensions, view.payload, buffer);
  Check(size.has_value() && *size == RtpHeaderSize(view.extensions) + view.payload.size());
  const auto again = ParseRtp(ByteSpan(buffer).first(*size));
  Check(again.has_value());
  CheckSame(view, *again);
}

void CheckRewriting(ByteSpan input, RtpPacketView expected) {
  std::vector<uint8_t> bytes(input.begin(), input.end());
  expected.header.ssrc ^= 0xFFFFFFFF;
  expected.header.timestamp += 1;
  expected.header.sequence_number ^= 0xFFFF;
  RewriteSsrc(bytes, expected.header.ssrc);
  RewriteTimestamp(bytes, expected.header.timestamp);
  RewriteSequenceNumber(bytes, expected.header.sequence_number);
  auto& number = expected.extensions.transport_sequence_number;
  if (number) number = static_cast<uint16_t>(*number + 1);
  RewriteTransportSequenceNumber(bytes, expected.transport_sequence_number_offset,
                                 number.value_or(0));
  const auto rewritten = ParseRtp(bytes);
  Check(rewritten.has_value());
  CheckSame(expected, *rewritten);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteSpan input(data, size);
  IsRtcp(input);
  const auto view = ParseRtp(input);
  if (!view) return 0;
  Check(size <= kMaxReceivedPacketSize);
  Check(view->payload.empty() || (view->payload.data() >= data &&
                                  view->payload.data() + view->payload.size() <= data + size));
  Check((view->transport_sequence_number_offset != 0) ==
        view->extensions.transport_sequence_number.has_value());
  CheckRoundTrip(*view);
  CheckRewriting(input, *view);
  return 0;
}
