#include "core/session/video_sender.h"

#include <array>

#include "core/rtp/ntp_time.h"
#include "core/rtp/vp8.h"

namespace ferry::session {

Result<void> VideoSender::Send(ByteSpan frame, bool keyframe, std::optional<uint8_t> temporal_id,
                               Timestamp capture_time, Timestamp now,
                               std::vector<rtp::RtpPacket>& out) {
  if (frame.empty()) return Fail(ErrorCode::kInvalidArgument, "an empty video frame");
  if (frame.size() > kMaxFrameSize) {
    return Fail(ErrorCode::kLimitExceeded, "a video frame of more than 4 MiB");
  }
  if (temporal_id && *temporal_id >= kTemporalLayers) {
    return Fail(ErrorCode::kInvalidArgument, "a temporal layer beyond the second");
  }
  rtp::RtpExtensions extensions;
  extensions.absolute_capture_time = rtp::ToNtp(capture_time);
  // All packets as small as the first, which alone carries the capture time: equal packets lose
  // nothing, and the packetizer makes them equal anyway.
  // And so that a repair packet has room for each.
  constexpr size_t kRepairRoom = rtp::kMaxPacketSize - rtp::kMaxProtectedPacketSize;
  const size_t max_payload = RtpSender::MaxPayload(extensions) - kRepairRoom;
  rtp::Vp8Descriptor descriptor{.picture_id = picture_id_};
  if (temporal_id) {
    if (*temporal_id == 0) ++base_index_;
    descriptor.temporal_id = temporal_id;
    descriptor.tl0_picture_index = base_index_;
    descriptor.layer_sync = *temporal_id > 0;
    descriptor.non_reference = *temporal_id > 0;
  }
  rtp::Vp8Packetizer packetizer(frame, descriptor, max_payload);
  picture_id_ = (picture_id_ + 1) & 0x7FFF;

  std::array<uint8_t, rtp::kMaxPacketSize> payload;
  const uint32_t timestamp = rtp_.TimestampFor(capture_time);
  for (size_t i = 0; i < packetizer.packet_count(); ++i) {
    const size_t size = packetizer.Next(MutableByteSpan(payload).first(max_payload));
    out.push_back(rtp_.MakePacket({.payload = ByteSpan(payload).first(size),
                                   .timestamp = timestamp,
                                   .marker = i + 1 == packetizer.packet_count(),
                                   .extensions = extensions},
                                  now));
    extensions.absolute_capture_time.reset();
  }
  ++frames_;
  if (keyframe) ++keyframes_;
  return {};
}

}  // namespace ferry::session
