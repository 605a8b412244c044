#include "core/fec/fec_sender.h"

#include <algorithm>
#include <utility>

namespace ferry::fec {
namespace {

// RFC 3550 §5.1: the last packet of a frame.
bool HasMarker(ByteSpan packet) { return packet.size() > 1 && (packet[1] & 0x80) != 0; }

}  // namespace

void FecSender::OnFeedback(const Feedback& feedback) {
  const auto packets = static_cast<double>(feedback.packets);
  const auto lost = static_cast<double>(feedback.lost);
  loss_.Update(packets, feedback.congested ? std::min(lost, packets * feedback.path_loss) : lost);
  protection_ = ProtectionAgainst(loss_.loss(), feedback.round_trip);
  if (protection_.audio <= 0) audio_ = Lane(kAudioWindow);
  if (protection_.video <= 0) video_ = Lane(kVideoWindow);
}

void FecSender::OnSent(rtp::MediaKind kind, uint16_t number, ByteSpan packet, size_t number_offset,
                       Timestamp now) {
  if (kind != rtp::MediaKind::kAudio && kind != rtp::MediaKind::kVideo) return;
  const bool audio = kind == rtp::MediaKind::kAudio;
  const double ratio = audio ? protection_.audio : protection_.video;
  if (ratio <= 0) return;
  Lane& lane = LaneOf(kind);
  lane.encoder.Add(number, packet, number_offset, now);
  lane.owed += ratio;
  if (audio || HasMarker(packet) || ++lane.run >= kMaxRun) {
    lane.ready = lane.owed;
    lane.run = 0;
  }
}

std::optional<rtp::RtpPacket> FecSender::Next(rtp::MediaKind kind, Timestamp now) {
  Lane& lane = LaneOf(kind);
  if (lane.ready < 1) return std::nullopt;
  lane.owed -= 1;
  lane.ready -= 1;
  return lane.encoder.MakeRepair(now);
}

}  // namespace ferry::fec
