#include "client/load/load_report.h"

#include <cmath>

namespace ferry::client {
namespace {

using nlohmann::ordered_json;

double Rounded(double value, double digits) {
  const double scale = std::pow(10.0, digits);
  return std::round(value * scale) / scale;
}

ordered_json Millis(const std::optional<Duration>& duration) {
  if (!duration) return nullptr;
  return Rounded(duration->ms_f(), 2);
}

ordered_json Quantiles(const Histogram& histogram) {
  return {{"p50", Millis(histogram.Quantile(0.5))},
          {"p95", Millis(histogram.Quantile(0.95))},
          {"p99", Millis(histogram.Quantile(0.99))},
          {"max", histogram.count() > 0 ? Millis(histogram.max()) : nullptr}};
}

double MegabitsPerSecond(uint64_t bytes, Duration measured) {
  if (measured <= Duration::Zero()) return 0;
  return Rounded(static_cast<double>(bytes) * 8 / 1e6 / measured.seconds_f(), 3);
}

ordered_json Received(const ReceiverStats& stats, Duration measured) {
  const uint64_t expected = stats.packets + stats.lost;
  const double loss =
      expected > 0 ? static_cast<double>(stats.lost) / static_cast<double>(expected) : 0;
  return {{"streams", stats.streams},
          {"packets", stats.packets},
          {"mbps", MegabitsPerSecond(stats.bytes, measured)},
          {"lost", stats.lost},
          {"loss", Rounded(loss, 6)},
          {"lost_at_moves", stats.lost_at_moves},
          {"withheld", stats.withheld},
          {"late", stats.late},
          {"duplicates", stats.duplicates},
          {"damaged", stats.damaged},
          {"nacked", stats.nacked},
          {"latency_ms", Quantiles(stats.latency)}};
}

// The frame rate that all but a part `q` of the seconds reached.
size_t FpsQuantile(const FrameRateStats& stats, double q) {
  const double wanted = q * static_cast<double>(stats.seconds);
  uint64_t seen = 0;
  for (size_t fps = 0; fps < stats.seconds_with.size(); ++fps) {
    seen += stats.seconds_with[fps];
    if (seen > 0 && static_cast<double>(seen) >= wanted) return fps;
  }
  return 0;
}

ordered_json FrameRate(const FrameRateStats& stats) {
  if (stats.seconds == 0) return nullptr;
  const double mean = static_cast<double>(stats.frames) / static_cast<double>(stats.seconds);
  return {{"mean", Rounded(mean, 2)},
          {"p1", FpsQuantile(stats, 0.01)},
          {"p5", FpsQuantile(stats, 0.05)},
          {"p50", FpsQuantile(stats, 0.5)}};
}

}  // namespace

ordered_json LoadReport(const LoadPlan& plan, const LoadStats& stats, const LoadCost& cost) {
  ordered_json audio = Received(stats.audio, cost.measured);
  audio["loud_share"] =
      stats.audio.packets > 0
          ? Rounded(
                static_cast<double>(stats.audio.loud) / static_cast<double>(stats.audio.packets), 4)
          : 0;
  ordered_json video = Received(stats.video, cost.measured);
  video["keyframe_requests"] = stats.video.keyframe_requests;
  video["layer_switches"] = stats.video.layer_switches;
  video["fps"] = FrameRate(stats.frame_rate);
  video["first_frame_ms"] = Quantiles(stats.first_frame);
  ordered_json failures = ordered_json::object();
  for (const auto& [reason, count] : stats.failures) failures[reason] = count;
  const double seconds = cost.measured.seconds_f();
  return {{"clients", plan.total_clients()},
          {"rooms", plan.rooms},
          {"joined", stats.joined},
          {"failed", stats.failed},
          {"failures", failures},
          {"switches", stats.switches},
          {"switch_ms", Quantiles(stats.switching)},
          {"connect_ms", Quantiles(stats.connecting)},
          {"join_ms", Quantiles(stats.joining)},
          {"measured_s", Rounded(seconds, 2)},
          {"sent",
           {{"streams", stats.sent.streams},
            {"packets", stats.sent.packets},
            {"mbps", MegabitsPerSecond(stats.sent.bytes, cost.measured)},
            {"overflowed", stats.sent.overflowed},
            {"resent", stats.sent.resent},
            {"keyframe_requests", stats.sent.keyframe_requests}}},
          {"audio", audio},
          {"video", video},
          {"cpu", seconds > 0 ? Rounded(cost.cpu_seconds / seconds, 3) : 0},
          {"rss_mb", Rounded(static_cast<double>(cost.resident_bytes) / 1e6, 1)}};
}

}  // namespace ferry::client
