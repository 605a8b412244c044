#include "core/session/video_receiver.h"

#include <algorithm>
#include <utility>

#include "core/rtp/vp8.h"

namespace ferry::session {

VideoReceiver::VideoReceiver()
    : reception_(video::PlayoutTiming::kClockRateHz),
      capture_clock_(video::PlayoutTiming::kClockRateHz) {}

Result<void> VideoReceiver::Receive(const rtp::RtpPacket& packet, Timestamp now) {
  // Reports tell what the network lost, repaired or not.
  if (!packet.recovered) {
    reception_.OnPacket(packet.sequence, packet.header.timestamp, packet.bytes.size(), now);
  }
  nack_.OnPacket(packet.sequence, now);
  if (!beginning_.found()) {
    const auto payload = rtp::ParseVp8(packet.payload());
    beginning_.OnPacket(packet.sequence, payload && payload->starts_keyframe(), nack_, now);
  }
  if (packet.extensions.absolute_capture_time) {
    capture_clock_.Update(packet.header.timestamp, *packet.extensions.absolute_capture_time);
  }
  auto frame = assembler_.Insert(packet, now);
  if (!frame) return std::unexpected(frame.error());
  if (*frame) frames_.Insert(std::move(**frame));
  return {};
}

void VideoReceiver::OnSenderReport(const rtp::SenderReport& report, Timestamp now) {
  reception_.OnSenderReport(report.ntp_time, now);
  capture_clock_.Update(report.rtp_timestamp, report.ntp_time);
}

void VideoReceiver::OnDecoderFailed() {
  frames_.RequireKeyframe();
  wants_keyframe_ = true;
}

std::optional<VideoReceiver::Frame> VideoReceiver::NextFrame(Timestamp now) {
  auto frame = frames_.Next(now);
  if (!frame) return std::nullopt;
  nack_.ForgetBefore(frame->last_sequence + 1);
  ++frames_released_;
  last_release_ = now;
  if (frame->keyframe) ++keyframes_released_;
  // What could not go on goes on: by a key frame, or because the gap was closed after all.
  wants_keyframe_ = false;
  const auto capture_time = capture_clock_.CaptureTime(frame->rtp_timestamp);
  if (capture_time) end_to_end_ = now - *capture_time;
  return Frame{.frame = std::move(*frame), .capture_time = capture_time};
}

void VideoReceiver::SetRoundTrip(Duration round_trip) {
  round_trip_ = round_trip;
  frames_.SetRoundTrip(round_trip);
}

// A key frame takes longer than its request, and is no answer to it before.
Duration VideoReceiver::request_interval() const {
  constexpr double kWithItsSending = 1.5;
  return std::max(kMinKeyframeRequestInterval, round_trip_ * kWithItsSending);
}

std::vector<uint16_t> VideoReceiver::TakeNacks(Timestamp now) {
  std::vector<uint16_t> due = nack_.TakeNacks(now, round_trip_);
  nacks_sent_ += due.size();
  return due;
}

bool VideoReceiver::TakeKeyframeRequest(Timestamp now) {
  if (nack_.TakeGaveUp()) wants_keyframe_ = true;
  if (frames_.TakeNeedsKeyframe(now)) wants_keyframe_ = true;
  if (!wants_keyframe_) return false;
  if (last_keyframe_request_ && now - *last_keyframe_request_ < request_interval()) {
    return false;
  }
  // Stays wanted until one arrives: a request may be lost.
  last_keyframe_request_ = now;
  ++keyframe_requests_;
  return true;
}

Timestamp VideoReceiver::NextDue() const {
  Timestamp next = std::min(frames_.NextDue(), nack_.NextDue());
  if (wants_keyframe_ && last_keyframe_request_) {
    next = std::min(next, *last_keyframe_request_ + request_interval());
  }
  return next;
}

}  // namespace ferry::session
