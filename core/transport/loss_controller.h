// Limits the rate where packets are lost because of it, and only there: Wi-Fi and mobile networks
// lose packets at any rate, and sending less there only makes a call worse.
//
// Which of both it is, is found by trying: when more is lost than the path is known to lose by
// itself, the rate is cut, and the loss at the lower rate decides. As much as before: it is the
// path's own (its inherent loss), and the rate is given back. Less: the rate was the cause, and
// what arrived is the limit.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/units.h"

namespace ferry::transport {

class LossController {
 public:
  void OnPacketSent(int64_t bytes) { sent_bytes_ += bytes; }
  void OnPacketReported(bool received, int64_t bytes);
  // A packet told lost has arrived after all.
  void OnLostPacketArrived(int64_t bytes);
  // After each feedback. `estimate`: the delay-based one; `congested`: it fell just now, so that
  // loss is no news.
  void Update(DataRate estimate, bool congested, bool application_limited, Timestamp now);

  // The rate that loss allows; Infinite-like maximum when loss limits nothing.
  DataRate limit() const;
  bool limiting() const { return limit_bps_ >= 0; }
  // Share of packets that the path loses at any rate.
  double inherent_loss() const { return inherent_; }
  // Of the last window.
  double loss() const { return last_loss_; }

 private:
  struct Window {
    int64_t packets = 0;
    int64_t lost = 0;
    int64_t received_bytes = 0;
    double Loss() const { return packets > 0 ? double(lost) / double(packets) : 0; }
  };
  struct Trial {
    double loss = 0;
    double sent_bps = 0;
    double received_bps = 0;
    double limit_before_bps = -1;
    Timestamp settled;  // what is reported before was sent at the old rate
  };
  void Judge(const Window& window, double sent_bps, Timestamp now);
  void Watch(const Window& window, double sent_bps, double received_bps, Timestamp now);
  void Raise(double seconds, DataRate estimate);
  void Learn(double loss);
  bool Suspicious(const Window& window, double sent_bps, Timestamp now) const;

  Window window_;
  int64_t sent_bytes_ = 0;
  std::optional<Timestamp> window_began_;
  double inherent_ = 0;
  double learnt_at_bps_ = 0;  // the highest rate at which inherent_ is known to hold
  double last_loss_ = 0;
  double limit_bps_ = -1;  // negative: none
  std::optional<Trial> trial_;
  Timestamp next_trial_ = Timestamp::Micros(INT64_MIN);
};

}  // namespace ferry::transport
