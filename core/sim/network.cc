#include "core/sim/network.h"

#include <algorithm>
#include <functional>

namespace ferry::sim {

Link::Link(const LinkConfig& config) : config_(config), random_(config.seed) {}

void Link::Configure(const LinkConfig& config) { config_ = config; }

double Link::Uniform() {
  // Not std::uniform_real_distribution, whose values differ between standard libraries.
  return static_cast<double>(random_() >> 11) * 0x1p-53;
}

bool Link::Lose() {
  const double draw = Uniform();
  if (config_.loss <= 0) return in_burst_ = false;
  if (config_.loss >= 1) return in_burst_ = true;
  // Gilbert's two states: a burst goes on with 1 - 1/L, and begins so often that the share of lost
  // packets is `loss`. Independent losses come in runs of 1 / (1 - loss) anyway; shorter ones are
  // not asked for.
  const double length = std::max(config_.mean_burst, 1 / (1 - config_.loss));
  const double stay = 1 - 1 / length;
  const double begin = config_.loss / (length * (1 - config_.loss));
  return in_burst_ = draw < (in_burst_ ? stay : begin);
}

std::optional<Timestamp> Link::Queue(size_t bytes, Timestamp now) {
  while (!queue_.empty() && queue_.front().departure <= now) {
    queued_bytes_ -= queue_.front().bytes;
    queue_.pop_front();
  }
  // A line made unlimited while packets wait takes its turn after them.
  const Timestamp start = std::max(now, queue_.empty() ? now : line_free_);
  if (config_.rate.bps() <= 0) return start;
  if (queued_bytes_ + bytes > config_.queue_bytes) return std::nullopt;
  line_free_ = start + config_.rate.TimeFor(static_cast<int64_t>(bytes));
  queue_.push_back({.departure = line_free_, .bytes = bytes});
  queued_bytes_ += bytes;
  return line_free_;
}

void Link::Send(ByteSpan packet, Timestamp now) {
  ++stats_.sent;
  const std::optional<Timestamp> departure = Queue(packet.size(), now);
  if (!departure || in_flight_.size() >= kMaxInFlight) {
    ++stats_.queue_dropped;
    return;
  }
  // What is lost has used the line: loss happens behind the queue.
  if (Lose()) {
    ++stats_.lost;
    return;
  }
  Deliver(packet, *departure);
  if (config_.duplicate > 0 && Uniform() < config_.duplicate) {
    ++stats_.duplicated;
    Deliver(packet, *departure);
  }
}

void Link::Deliver(ByteSpan packet, Timestamp departure) {
  Timestamp arrival = departure + config_.delay;
  if (config_.jitter > Duration::Zero()) arrival += config_.jitter * Uniform();
  if (!config_.reorder) arrival = std::max(arrival, last_arrival_);
  last_arrival_ = std::max(arrival, last_arrival_);
  in_flight_.push_back({arrival, order_++, {packet.begin(), packet.end()}});
  std::ranges::push_heap(in_flight_, std::greater<>{});
}

std::optional<std::vector<uint8_t>> Link::Receive(Timestamp now) {
  if (NextArrival() > now || in_flight_.empty()) return std::nullopt;
  std::ranges::pop_heap(in_flight_, std::greater<>{});
  std::vector<uint8_t> packet = std::move(in_flight_.back().packet);
  in_flight_.pop_back();
  ++stats_.delivered;
  return packet;
}

Timestamp Link::NextArrival() const {
  return in_flight_.empty() ? Timestamp::Infinite() : in_flight_.front().arrival;
}

}  // namespace ferry::sim
