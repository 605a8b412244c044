// The way to one subscriber: what it can carry, told by the subscriber's transport-wide feedback,
// and when the next packet may leave.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/units.h"
#include "core/rtp/rtcp.h"
#include "core/transport/send_controller.h"

namespace ferry::gateway {

class SubscriberBandwidth {
 public:
  // Above what one subscription needs to begin with; probes find what is really there within two
  // round trips.
  static constexpr DataRate kStart = DataRate::KilobitsPerSec(2'000);
  static constexpr DataRate kMin = DataRate::KilobitsPerSec(50);
  static constexpr DataRate kMax = DataRate::KilobitsPerSec(100'000);
  // A client that tells nothing for so long after its first packets gives no feedback at all: it is
  // neither paced nor are its layers limited.
  static constexpr Duration kNoFeedbackAfter = Duration::Millis(2'000);

  SubscriberBandwidth() : control_({.start = kStart, .min = kMin, .max = kMax}) {}

  // Returns what it told of losses.
  fec::FecSender::Feedback OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now);
  // A packet has left, with this transport-wide number if it has one.
  void OnSent(std::optional<uint16_t> transport_sequence, size_t bytes, bool audio, Timestamp now);
  // How long what may leave has been waiting for the transport.
  void OnQueueDelay(Duration delay, Timestamp now) { control_.OnLocalQueueDelay(delay, now); }
  // Whether so many bytes may be sent again; they are taken from what retransmissions may have.
  bool TakeResend(size_t bytes, Timestamp now) { return control_.TakeResend(bytes, now); }
  void Tick(DataRate wanted_video, Timestamp now);
  // Another connection: what is known is of another path.
  void Reset() { *this = SubscriberBandwidth(); }

  // Whether feedback steers.
  bool steered() const { return !silent_; }
  bool CanSend(Timestamp now) const { return silent_ || control_.CanSend(now); }
  // Bytes that a probe lacks, to be padded; 0: none.
  int64_t PaddingWanted(Timestamp now) const { return silent_ ? 0 : control_.ProbePadding(now); }
  bool probing() const { return !silent_ && control_.probing(); }
  DataRate target() const { return control_.target(); }
  Duration round_trip() const { return control_.round_trip(); }
  // What of it video may have.
  DataRate video_budget() const;

 private:
  static constexpr Duration kAudioWindow = Duration::Millis(1'000);

  transport::SendController control_;
  std::optional<Timestamp> first_sent_;
  bool heard_ = false;   // feedback
  bool silent_ = false;  // gives none
  Timestamp audio_window_start_;
  int64_t audio_bytes_ = 0;
  DataRate audio_rate_;
};

}  // namespace ferry::gateway
