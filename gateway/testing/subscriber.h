// A subscriber that keeps what it is sent, for tests of forwarding.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "gateway/sfu/subscription.h"

namespace ferry::gateway::testing {

class Subscriber : public SubscriberSink {
 public:
  void SendMedia(OutgoingPacket packet, bool) override { media.push_back(std::move(packet)); }
  Duration round_trip() const override { return Duration::Zero(); }
  bool SendRetransmission(OutgoingPacket packet) override {
    resent.push_back(std::move(packet));
    return true;
  }
  void SendReport(const rtp::SenderReport& report, Timestamp) override {
    reports.push_back(report);
  }
  void OnStreamEnded(uint32_t) override {
    ended = true;
    subscription.reset();
  }
  void OnLayerChanged(const Subscription& changed) override {
    layers.push_back(changed.forwarded_layer());
  }
  bool speaks() const override { return speaking; }

  // The sequence numbers of what was sent.
  std::vector<uint16_t> Numbers() const {
    std::vector<uint16_t> numbers;
    for (const auto& packet : media) numbers.push_back(packet.sequence_number);
    return numbers;
  }

  std::vector<OutgoingPacket> media;
  std::vector<OutgoingPacket> resent;
  std::vector<rtp::SenderReport> reports;
  std::vector<ForwardedLayer> layers;
  bool ended = false;
  bool speaking = false;
  std::unique_ptr<Subscription> subscription;
};

}  // namespace ferry::gateway::testing
