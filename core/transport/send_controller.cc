#include "core/transport/send_controller.h"

#include <algorithm>

namespace ferry::transport {

SendController::SendController(const CongestionConfig& config, int64_t initial_window)
    : config_(config),
      initial_window_(initial_window),
      congestion_(config),
      pacer_(congestion_.pacing_rate(), initial_window) {}

void SendController::OnPacketSent(std::optional<uint16_t> transport_sequence_number, size_t bytes,
                                  Timestamp now) {
  const ProbeClusterId probe = pacer_.OnSent(static_cast<int64_t>(bytes), now);
  if (!transport_sequence_number) return;
  congestion_.OnPacketSent(*transport_sequence_number, bytes, now, probe);
}

fec::FecSender::Feedback SendController::OnFeedback(const rtp::TransportFeedback& feedback,
                                                    Timestamp now) {
  const FeedbackStats before = congestion_.stats();
  congestion_.OnFeedback(feedback, now);
  pacer_.SetRate(congestion_.pacing_rate(), now);
  const FeedbackStats& after = congestion_.stats();
  return {.packets = after.received + after.lost - before.received - before.lost,
          .lost = after.lost - before.lost,
          .congested = congestion_.congested(),
          .path_loss = congestion_.path_loss(),
          .round_trip = round_trip()};
}

void SendController::SetWantedRate(DataRate wanted) {
  wanted_ = wanted;
  congestion_.SetWantedRate(wanted);
}

void SendController::OnPathChanged() {
  congestion_ = CongestionController(config_);
  congestion_.SetWantedRate(wanted_);
  pacer_ = Pacer(congestion_.pacing_rate(), initial_window_);
}

void SendController::Update(DataRate least, Timestamp now) {
  if (const auto probe = congestion_.NextProbe(now)) pacer_.StartProbe(*probe, now);
  pacer_.SetRate(std::max(congestion_.pacing_rate(), least), now);
}

}  // namespace ferry::transport
