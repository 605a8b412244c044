// Protects what one transport sends: takes each packet as it leaves, and says when a repair packet
// is to follow. Audio and video have windows of their own: sound is repaired by packets as small as
// its own, and sooner.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/units.h"
#include "core/fec/fec_encoder.h"
#include "core/fec/protection.h"
#include "core/rtp/rtp_packet.h"

namespace ferry::fec {

class FecSender {
 public:
  // Of the newest feedback: how many packets it tells of, and how many as lost. `congested`: they
  // may have been too many for the path, whose own loss, at any rate, is known to be `path_loss`.
  struct Feedback {
    uint64_t packets = 0;
    uint64_t lost = 0;
    bool congested = false;
    double path_loss = 0;
    Duration round_trip;
  };
  void OnFeedback(const Feedback& feedback);
  const Protection& protection() const { return protection_; }

  // An audio or video packet has left under this transport-wide number, which stands at
  // `number_offset` in it.
  void OnSent(rtp::MediaKind kind, uint16_t number, ByteSpan packet, size_t number_offset,
              Timestamp now);
  // The repair packet that is due for this kind, not numbered yet.
  std::optional<rtp::RtpPacket> Next(rtp::MediaKind kind, Timestamp now);
  bool due(rtp::MediaKind kind) const { return LaneOf(kind).ready >= 1; }

 private:
  // Sound is late after so much; a picture waits for as long as a retransmission takes.
  static constexpr Window kAudioWindow{.age = Duration::Millis(130), .packets = 6};
  static constexpr Window kVideoWindow{.age = Duration::Millis(150), .packets = 48};
  // Of video, repair packets follow a frame; within a large one, so many packets.
  static constexpr int kMaxRun = 24;

  struct Lane {
    explicit Lane(const Window& window) : encoder(window) {}
    FecEncoder encoder;
    double owed = 0;   // repair packets for what was sent
    double ready = 0;  // of them, to be sent now
    int run = 0;       // packets since that grew
  };
  Lane& LaneOf(rtp::MediaKind kind) { return kind == rtp::MediaKind::kAudio ? audio_ : video_; }
  const Lane& LaneOf(rtp::MediaKind kind) const {
    return kind == rtp::MediaKind::kAudio ? audio_ : video_;
  }

  ExpectedLoss loss_;
  Protection protection_;
  Lane audio_{kAudioWindow};
  Lane video_{kVideoWindow};
};

}  // namespace ferry::fec
