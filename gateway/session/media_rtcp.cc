#include "gateway/session/media_rtcp.h"

#include <variant>

namespace ferry::gateway {
namespace {

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

bool MediaRtcp::OnPacket(ByteSpan packet, Timestamp now) {
  const auto parts = rtp::ParseRtcp(packet);
  if (!parts) return false;
  metrics_.rtcp_in.Add();
  if (!Admit(*parts, now)) {
    metrics_.Drop(DropReason::kRate);
    return true;
  }
  for (const auto& part : *parts) OnPart(part, now);
  return true;
}

bool MediaRtcp::Admit(const std::vector<rtp::RtcpPacket>& parts, Timestamp now) {
  size_t told = 0;
  for (const auto& part : parts) {
    if (const auto* nack = std::get_if<rtp::Nack>(&part)) told += nack->sequence_numbers.size();
    if (const auto* feedback = std::get_if<rtp::TransportFeedback>(&part)) {
      told += feedback->packets.size();
    }
  }
  return packets_.Take(static_cast<double>(told / kToldPerPacket), now);
}

void MediaRtcp::OnPart(const rtp::RtcpPacket& part, Timestamp now) {
  std::visit(
      Overloaded{
          [&](const rtp::SenderReport& report) { publisher_.OnSenderReport(report, now); },
          [&](const rtp::Nack& nack) { subscriber_.OnNack(nack, now); },
          [&](const rtp::PictureLossIndication& loss) { subscriber_.OnPictureLoss(loss, now); },
          [&](const rtp::TransportFeedback& feedback) { sender_.OnFeedback(feedback, now); },
          // Feedback tells more than the reports, and streams end by control messages.
          [](const rtp::ReceiverReport&) {},
          [](const rtp::Bye&) {},
      },
      part);
}

}  // namespace ferry::gateway
