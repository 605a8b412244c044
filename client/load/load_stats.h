// What the load generator's clients count, of one thread and of the measured time.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "client/load/histogram.h"

namespace ferry::client {

// Received streams of one kind, over all subscribers.
struct ReceiverStats {
  uint64_t streams = 0;  // subscriptions that media came of
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t lost = 0;           // gaps in the sequence numbers that stayed
  uint64_t lost_at_moves = 0;  // likewise, while either end changed its connection
  uint64_t withheld = 0;       // packets that were published and have no sequence number here
  uint64_t duplicates = 0;     // of packets that had arrived
  uint64_t late = 0;           // arrived after a packet with a higher number
  uint64_t damaged = 0;        // not as they were sent
  uint64_t nacked = 0;
  uint64_t keyframe_requests = 0;
  uint64_t loud = 0;            // audio of somebody who speaks
  uint64_t layer_switches = 0;  // from one encoding of a video to another
  Histogram latency;            // from being made to being received
};

// Frames that could be decoded in each second of each video subscription.
struct FrameRateStats {
  static constexpr size_t kMaxFps = 255;
  std::array<uint64_t, kMaxFps + 1> seconds_with{};
  uint64_t seconds = 0;
  uint64_t frames = 0;

  void Record(size_t fps) {
    ++seconds_with[std::min(fps, kMaxFps)];
    ++seconds;
    frames += fps;
  }
};

struct SenderStats {
  uint64_t streams = 0;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t overflowed = 0;  // found no room in the client's own queue
  uint64_t resent = 0;
  uint64_t keyframe_requests = 0;
};

struct LoadStats {
  // Distinct reasons of failures kept; more count under one.
  static constexpr size_t kMaxReasons = 32;

  ReceiverStats audio;
  ReceiverStats video;
  FrameRateStats frame_rate;
  SenderStats sent;
  Histogram first_frame;  // from the answer to subscribe to the first frame that can be decoded

  // Of the whole run, not only the measured time.
  uint64_t joined = 0;
  uint64_t failed = 0;
  uint64_t switches = 0;                     // of connected sessions to the other transport
  Histogram connecting;                      // TCP or QUIC, and TLS
  Histogram switching;                       // from the first packet to the answer to resume
  Histogram joining;                         // all, from the first packet to the answer to join
  std::map<std::string, uint64_t> failures;  // by reason

  void Fail(const std::string& reason) {
    ++failed;
    const bool known = failures.contains(reason) || failures.size() < kMaxReasons;
    ++failures[known ? reason : "other"];
  }
  // Begins the measured time.
  void Restart();
  void Add(const LoadStats& other);
};

}  // namespace ferry::client
