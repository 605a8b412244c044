// For tests: a sender of real Opus, a network as a function, and a player, in virtual time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/audio/jitter_buffer.h"
#include "core/audio/opus_encoder.h"
#include "core/audio/testing/signals.h"
#include "core/base/units.h"

namespace ferry {

class JitterBufferSim {
 public:
  struct Options {
    int channels = 1;
    int encoder_channels = 1;
    // Instead of voice a tone of 317 Hz, which no multiple of 10 ms up to a second continues in
    // phase, with an amplitude of 0.5.
    bool tone = false;
    double sender_drift = 0;  // 200e-6: the sender's clock runs 200 ppm fast
    // Samples that packet `n`'s timestamp is off its place, as of a sender that reads its clock.
    std::function<int(int n)> timestamp_error = nullptr;
    uint16_t first_sequence = 1000;
    uint32_t first_timestamp = 50'000;
    int fec_loss_percent = 20;
    Duration pull_phase = Duration::Millis(3);
    JitterBufferConfig buffer;
  };
  // One pull's outcome.
  struct Pulled {
    Timestamp time;
    AudioFrame frame;
    Duration delay;
    Duration target;
  };
  // When packet `n` (of 20 ms each) arrives after it was sent; none when it is lost.
  using Network = std::function<std::optional<Duration>(int n)>;

  explicit JitterBufferSim(const Options& options);

  // Sends `packets` more packets and plays until they are sent.
  void Run(int packets, const Network& network);
  // Lets the sender's clock run on without sending, while the player plays.
  void Pause(Duration duration);
  // Continues with other numbers, as a sender that was started again.
  void RestartSender(uint16_t sequence, uint32_t timestamp);
  // Called at each pull instead of once per 10 ms: the lateness of pull `n`.
  void SetPullJitter(std::function<Duration(int n)> jitter) { pull_jitter_ = std::move(jitter); }

  // Each packet arrives twice.
  void DuplicatePackets(bool on) { duplicate_ = on; }

  JitterBuffer& buffer() { return buffer_; }
  const JitterBufferStats& stats() const { return buffer_.stats(); }
  const std::vector<float>& played() const { return played_; }
  const std::vector<Pulled>& pulls() const { return pulls_; }
  Timestamp now() const { return now_; }
  int sent() const { return sent_; }
  // The latest pulls' mean delay and share of samples concealed.
  Duration MeanDelay(size_t pulls) const;
  double ConcealedShare() const;
  // Greatest step between neighbouring samples (of the first channel) from pull `first` on.
  float MaxStep(size_t first_pull) const;

 private:
  struct InFlight {
    Timestamp arrival;
    uint16_t sequence;
    uint32_t timestamp;
    std::vector<uint8_t> payload;
  };
  void PlayUntil(Timestamp end);
  void Send(const Network& network);

  Options options_;
  JitterBuffer buffer_;
  OpusEncoder encoder_;
  std::vector<float> signal_;
  std::function<Duration(int)> pull_jitter_;
  std::vector<InFlight> in_flight_;
  std::vector<float> played_;
  std::vector<Pulled> pulls_;
  Timestamp now_ = Timestamp::Millis(1000);
  Timestamp send_time_ = Timestamp::Millis(1000);
  int pull_count_ = 0;
  Timestamp first_pull_;
  bool duplicate_ = false;
  int sent_ = 0;
  uint16_t sequence_;
  uint32_t timestamp_;
};

}  // namespace ferry
