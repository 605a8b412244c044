#include "gateway/sfu/published_stream.h"

#include <algorithm>
#include <utility>

#include "gateway/sfu/keyframe_detector.h"
#include "gateway/sfu/subscription.h"

namespace ferry::gateway {
namespace {

// The round trip to the publisher assumed between two requests for one packet.
constexpr Duration kAssumedRoundTrip = Duration::Millis(100);

}  // namespace

uint8_t PayloadType(Codec codec) {
  switch (codec) {
    case Codec::kOpus:
      return rtp::kOpusPayloadType;
    case Codec::kVp8:
      return rtp::kVp8PayloadType;
    case Codec::kVp9:
      return rtp::kVp9PayloadType;
  }
  return 0;
}

int ClockRate(Codec codec) { return codec == Codec::kOpus ? 48'000 : 90'000; }

PublishedStream::PublishedStream(StreamInfo info, uint32_t ssrc, bool reliable,
                                 PublisherSink& publisher)
    : info_(std::move(info)),
      ssrc_(ssrc),
      reliable_(reliable),
      publisher_(publisher),
      reception_(ClockRate(info_.codec)) {}

PublishedStream::~PublishedStream() {
  while (!subscriptions_.empty()) subscriptions_.back()->OnStreamEnded();
}

bool PublishedStream::OnRtp(ByteSpan bytes, const rtp::RtpPacketView& view, PacketPool& pool,
                            Timestamp now) {
  if (view.header.payload_type != PayloadType(info_.codec)) return false;
  reception_.OnPacket(view.header.sequence_number, view.header.timestamp, bytes.size(), now);
  if (!reliable_) nacks_.OnPacket(view.header.sequence_number, now);
  const bool starts_keyframe = StartsKeyframe(info_.codec, view.payload);
  if (starts_keyframe) keyframes_.OnKeyframe();
  if (subscriptions_.empty()) return true;
  const PacketRef packet = pool.Make(bytes, view, starts_keyframe);
  for (Subscription* subscription : subscriptions_) subscription->Forward(packet, now);
  return true;
}

void PublishedStream::OnSenderReport(const rtp::SenderReport& report, Timestamp now) {
  reception_.OnSenderReport(report.ntp_time, now);
  last_report_ = report;
  last_report_->blocks.clear();
  // Each report becomes one per subscriber, and a single packet holds dozens. The next of an honest
  // publisher makes up for one left out.
  if (last_forwarded_ && now - *last_forwarded_ < kMinReportInterval) return;
  last_forwarded_ = now;
  for (Subscription* subscription : subscriptions_) subscription->ForwardReport(report, now);
}

void PublishedStream::Add(Subscription& subscription, Timestamp now) {
  subscriptions_.push_back(&subscription);
  // The mapping of timestamps to capture time stays true: the newcomer needs it for its first
  // packet.
  if (last_report_) subscription.ForwardReport(*last_report_, now);
  if (info_.kind == MediaKind::kVideo) RequestKeyframe(now);
}

void PublishedStream::Remove(Subscription& subscription) {
  std::erase(subscriptions_, &subscription);
}

void PublishedStream::RequestKeyframe(Timestamp now) {
  if (keyframes_.Request(now)) publisher_.RequestKeyframe(ssrc_, now);
}

void PublishedStream::Tick(Timestamp now) {
  if (subscriptions_.empty()) keyframes_.OnKeyframe();  // nobody left to want one
  if (keyframes_.Tick(now)) publisher_.RequestKeyframe(ssrc_, now);
  if (reliable_) return;
  auto missing = nacks_.TakeDue(now, kAssumedRoundTrip);
  if (!missing.empty()) publisher_.RequestPackets(ssrc_, std::move(missing), now);
  if (nacks_.TakeGaveUp() && info_.kind == MediaKind::kVideo) RequestKeyframe(now);
}

std::optional<rtp::ReportBlock> PublishedStream::BuildReportBlock(Timestamp now) {
  if (!reception_.started()) return std::nullopt;
  return reception_.BuildReportBlock(ssrc_, now);
}

}  // namespace ferry::gateway
