#include "gateway/sfu/subscriber_bandwidth.h"

#include <algorithm>
#include <utility>

namespace ferry::gateway {
namespace {

// Left for RTCP and retransmissions.
constexpr double kVideoShare = 0.95;

}  // namespace

fec::FecSender::Feedback SubscriberBandwidth::OnFeedback(const rtp::TransportFeedback& feedback,
                                                         Timestamp now) {
  heard_ = true;
  silent_ = false;
  return control_.OnFeedback(feedback, now);
}

void SubscriberBandwidth::OnSent(std::optional<uint16_t> transport_sequence, size_t bytes,
                                 bool audio, Timestamp now) {
  control_.OnPacketSent(transport_sequence, bytes, now);
  if (transport_sequence && !first_sent_) first_sent_ = now;
  if (audio) audio_bytes_ += static_cast<int64_t>(bytes);
}

void SubscriberBandwidth::Tick(DataRate wanted_video, Timestamp now) {
  if (!heard_ && first_sent_ && now - *first_sent_ > kNoFeedbackAfter) silent_ = true;
  if (const Duration window = now - audio_window_start_; window >= kAudioWindow) {
    audio_rate_ = DataRate::BitsPerSec(static_cast<int64_t>(
        static_cast<double>(std::exchange(audio_bytes_, 0)) * 8 / window.seconds_f()));
    audio_window_start_ = now;
  }
  control_.SetWantedRate(DataRate::BitsPerSec(wanted_video.bps() + audio_rate_.bps()));
  control_.Update(DataRate(), now);
}

DataRate SubscriberBandwidth::video_budget() const {
  const int64_t rest = target().bps() - audio_rate_.bps();
  return DataRate::BitsPerSec(std::max<int64_t>(rest, 0)) * kVideoShare;
}

}  // namespace ferry::gateway
