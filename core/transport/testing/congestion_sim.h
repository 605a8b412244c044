// The sender that sessions use, a link in virtual time and a receiver that sends feedback, for
// tests: video that follows the target, audio, a competing stream.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "core/sim/network.h"
#include "core/transport/arrival_recorder.h"
#include "core/transport/paced_sender.h"

namespace ferry::transport::testing {

struct CongestionSimConfig {
  sim::LinkConfig forward;
  sim::LinkConfig backward{.delay = Duration::Millis(25), .seed = 2};
  CongestionConfig controller;
  DataRate video = DataRate::KilobitsPerSec(50'000);  // what the encoder could use; zero: no video
  bool audio = true;                                  // 40 kbps
  DataRate competing;                                 // of a stream that does not yield
  uint16_t first_sequence_number = 0;
};

// Threads that may stand still for want of a processor: the sender's, which makes and paces packets
// and hears feedback; what carries its packets, already numbered and timed, to the link and brings
// feedback from there; the receiver's.
enum class SimThread : uint8_t { kSender, kCarrier, kReceiver };
inline constexpr size_t kSimThreads = 3;

// What happened in one span of time.
struct CongestionSimSpan {
  DataRate received;  // of ours
  DataRate mean_target;
  DataRate min_target;
  Duration mean_queue;  // time in the link's queue, jitter included
  Duration p95_queue;
  Duration max_queue;
  double lost = 0;
};

class CongestionSim {
 public:
  explicit CongestionSim(const CongestionSimConfig& config);

  CongestionSimSpan Run(Duration time);
  // As long as `until` is false, `limit` at most; nullopt when it stayed false.
  std::optional<Duration> RunUntil(const std::function<bool()>& until, Duration limit);

  void SetForward(const sim::LinkConfig& config);
  void SetVideo(DataRate rate) { config_.video = rate; }
  void SetCompeting(DataRate rate) { config_.competing = rate; }
  // Feedback is lost while set.
  void DropFeedback(bool drop) { drop_feedback_ = drop; }
  // The thread stands still for so long; what comes to it meanwhile waits.
  void Stall(SimThread thread, Duration time);
  // The receiver's clock is changed by this much from now on.
  void JumpReceiverClock(Duration by) { receiver_clock_ += by; }

  const CongestionController& controller() const { return sender_.control().congestion(); }
  Timestamp now() const { return now_; }

 private:
  void Step();
  void RunSender();
  void Produce();
  void ProduceFrame();
  void SendCompeting();
  void Transmit(rtp::RtpPacket packet);
  void Carry();
  void Deliver();
  void SendFeedback();
  void ReceiveFeedback();

  bool Stalled(SimThread thread) const {
    return now_ < stalled_until_[static_cast<size_t>(thread)];
  }

  CongestionSimConfig config_;
  sim::Link forward_;
  sim::Link backward_;
  PacedSender sender_;
  int64_t waiting_bytes_ = 0;  // of video, for the pacer
  ArrivalRecorder recorder_;
  std::mt19937_64 random_{7};
  Timestamp now_ = Timestamp::Millis(1'000'000);
  std::deque<std::vector<uint8_t>> carried_;  // sent, and not on the link yet
  bool carrier_late_ = false;
  std::array<Timestamp, kSimThreads> stalled_until_{};
  int64_t next_frame_ms_;
  int64_t next_audio_ms_;
  int64_t next_feedback_ms_;
  double competing_bytes_ = 0;
  Duration receiver_clock_ = Duration::Seconds(77);
  bool drop_feedback_ = false;
  int64_t sent_packets_ = 0;
  int64_t received_packets_ = 0;
  int64_t received_bytes_ = 0;
  std::vector<Duration> delays_;
};

}  // namespace ferry::transport::testing
