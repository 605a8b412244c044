#include "client/load/load_stats.h"

namespace ferry::client {
namespace {

void Sum(ReceiverStats& to, const ReceiverStats& from) {
  to.streams += from.streams;
  to.packets += from.packets;
  to.bytes += from.bytes;
  to.lost += from.lost;
  to.lost_at_moves += from.lost_at_moves;
  to.withheld += from.withheld;
  to.duplicates += from.duplicates;
  to.late += from.late;
  to.damaged += from.damaged;
  to.nacked += from.nacked;
  to.keyframe_requests += from.keyframe_requests;
  to.loud += from.loud;
  to.layer_switches += from.layer_switches;
  to.latency.Add(from.latency);
}

}  // namespace

void LoadStats::Restart() {
  audio = {};
  video = {};
  frame_rate = {};
  sent = {};
}

void LoadStats::Add(const LoadStats& other) {
  Sum(audio, other.audio);
  Sum(video, other.video);
  for (size_t fps = 0; fps < frame_rate.seconds_with.size(); ++fps) {
    frame_rate.seconds_with[fps] += other.frame_rate.seconds_with[fps];
  }
  frame_rate.seconds += other.frame_rate.seconds;
  frame_rate.frames += other.frame_rate.frames;
  sent.streams += other.sent.streams;
  sent.packets += other.sent.packets;
  sent.bytes += other.sent.bytes;
  sent.overflowed += other.sent.overflowed;
  sent.resent += other.sent.resent;
  sent.keyframe_requests += other.sent.keyframe_requests;
  first_frame.Add(other.first_frame);
  joined += other.joined;
  failed += other.failed;
  switches += other.switches;
  switching.Add(other.switching);
  connecting.Add(other.connecting);
  joining.Add(other.joining);
  for (const auto& [reason, count] : other.failures) failures[reason] += count;
}

}  // namespace ferry::client
