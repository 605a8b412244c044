// The last step of all packets of one transport: each gets its transport-wide number and leaves
// when SendController lets it, is followed by repair packets where the path loses, or pads a probe
// where there is nothing else to send.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/units.h"
#include "core/fec/fec_sender.h"
#include "core/rtp/rtp_packet.h"
#include "core/transport/packet_queue.h"
#include "core/transport/send_controller.h"

namespace ferry::transport {

class PacedSender {
 public:
  // A connection may begin with as much at once (RFC 9002 §7.2): so the first key frame, if it is
  // not large, does not wait.
  static constexpr int64_t kInitialWindow = 14'720;

  explicit PacedSender(const CongestionConfig& config = {}, uint16_t first_number = 0)
      : control_(config, kInitialWindow), next_number_(first_number) {}

  // A packet that leaves at once (audio). What NextRepair gives leaves after it.
  void SendNow(rtp::RtpPacket& packet, Timestamp now);
  std::optional<rtp::RtpPacket> NextRepair(rtp::MediaKind kind, Timestamp now);
  // A packet that leaves by Next. What is sent again takes from the budget for that.
  void Queue(rtp::RtpPacket packet, Timestamp now);
  // Whether that budget has room for a packet.
  bool MayResend(Timestamp now) { return control_.HasResend(rtp::kMaxPacketSize, now); }
  // The next packet, of what waits or of padding for a probe, whose time has come.
  std::optional<rtp::RtpPacket> Next(Timestamp now);
  // When Next will have one; Infinite when nothing waits.
  Timestamp NextSendTime() const;

  void OnFeedback(const rtp::TransportFeedback& feedback, Timestamp now);
  // Packets go another way from now on: what was learnt of the old one says nothing of it.
  void OnPathChanged();

  SendController& control() { return control_; }
  const SendController& control() const { return control_; }
  const fec::Protection& protection() const { return fec_.protection(); }
  uint64_t dropped() const { return queue_.dropped(); }

 private:
  SendController control_;
  PacketQueue queue_;
  fec::FecSender fec_;
  uint16_t next_number_;
};

}  // namespace ferry::transport
