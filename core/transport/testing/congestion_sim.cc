#include "core/transport/testing/congestion_sim.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <utility>

namespace ferry::transport::testing {
namespace {
constexpr int64_t kPacketBytes = 1150;
constexpr int64_t kAudioBytes = 100;
constexpr int64_t kAudioIntervalMs = 20;
constexpr int64_t kFrameIntervalMs = 33;
constexpr int64_t kFeedbackIntervalMs = 100;
// Encoders skip a frame rather than let more wait.
constexpr Duration kMaxWait = Duration::Millis(200);
constexpr uint32_t kOurSsrc = 1;
constexpr uint32_t kCompetingSsrc = 2;
// The payload begins with the time at which the packet was sent.
constexpr size_t kStampBytes = sizeof(int64_t);

// Of `bytes` in all, or as many as header and time take.
rtp::RtpPacket MakePacket(uint32_t ssrc, uint8_t payload_type, int64_t bytes) {
  static constexpr std::array<uint8_t, kPacketBytes> kZeros{};
  const rtp::RtpExtensions extensions{.transport_sequence_number = 0};
  const auto header_size = static_cast<int64_t>(rtp::RtpHeaderSize(extensions));
  const size_t payload =
      std::max(static_cast<size_t>(std::max<int64_t>(bytes - header_size, 0)), kStampBytes);
  return *rtp::RtpPacket::Make({.payload_type = payload_type, .ssrc = ssrc}, extensions,
                               ByteSpan(kZeros).first(payload));
}

std::vector<uint8_t> Stamped(rtp::RtpPacket packet, Timestamp sent) {
  const int64_t us = sent.us();
  std::memcpy(packet.bytes.data() + packet.payload_offset, &us, kStampBytes);
  return std::move(packet.bytes);
}
}  // namespace

CongestionSim::CongestionSim(const CongestionSimConfig& config)
    : config_(config),
      forward_(config.forward),
      backward_(config.backward),
      sender_(config.controller, config.first_sequence_number),
      next_frame_ms_(now_.us() / 1000 + 1),
      next_audio_ms_(now_.us() / 1000 + kAudioIntervalMs),
      next_feedback_ms_(now_.us() / 1000 + kFeedbackIntervalMs) {}

void CongestionSim::SetForward(const sim::LinkConfig& config) {
  config_.forward = config;
  forward_.Configure(config);
}

void CongestionSim::Stall(SimThread thread, Duration time) {
  stalled_until_[static_cast<size_t>(thread)] = now_ + time;
}

void CongestionSim::Step() {
  now_ += Duration::Millis(1);
  if (!Stalled(SimThread::kSender)) RunSender();
  Carry();
  SendCompeting();
  if (Stalled(SimThread::kReceiver)) return;
  Deliver();
  SendFeedback();
}

void CongestionSim::RunSender() {
  ReceiveFeedback();
  const DataRate audio = DataRate::KilobitsPerSec(config_.audio ? 40 : 0);
  sender_.control().SetWantedRate(DataRate::BitsPerSec(config_.video.bps() + audio.bps()));
  Produce();
  while (auto packet = sender_.Next(now_)) {
    if (packet->kind() == rtp::MediaKind::kVideo) {
      waiting_bytes_ -= static_cast<int64_t>(packet->bytes.size());
    }
    Transmit(std::move(*packet));
  }
}

void CongestionSim::Produce() {
  const int64_t ms = now_.us() / 1000;
  for (; ms >= next_audio_ms_; next_audio_ms_ += kAudioIntervalMs) {
    if (!config_.audio) continue;
    rtp::RtpPacket packet = MakePacket(kOurSsrc, rtp::kOpusPayloadType, kAudioBytes);
    sender_.SendNow(packet, now_);
    Transmit(std::move(packet));
  }
  for (; ms >= next_frame_ms_; next_frame_ms_ += kFrameIntervalMs) ProduceFrame();
}

void CongestionSim::ProduceFrame() {
  const int64_t audio_bps = config_.audio ? 40'000 : 0;
  const int64_t bps = std::min(sender_.control().target().bps() - audio_bps, config_.video.bps());
  if (bps <= 0 || waiting_bytes_ > bps / 8 * kMaxWait.ms() / 1000) return;
  // Frames of one rate differ in size.
  const double noise = 0.7 + 0.6 * static_cast<double>(random_() >> 11) * 0x1p-53;
  auto bytes = static_cast<int64_t>(static_cast<double>(bps) / 8 * 0.033 * noise);
  for (; bytes > 0; bytes -= kPacketBytes) {
    auto packet = MakePacket(kOurSsrc, rtp::kVp8PayloadType, std::min(bytes, kPacketBytes));
    waiting_bytes_ += static_cast<int64_t>(packet.bytes.size());
    sender_.Queue(std::move(packet), now_);
  }
}

void CongestionSim::Transmit(rtp::RtpPacket packet) {
  carried_.push_back(Stamped(std::move(packet), now_));
  ++sent_packets_;
}

// What has waited is let go one packet each millisecond, as a thread does that is short of time.
void CongestionSim::Carry() {
  if (Stalled(SimThread::kCarrier)) {
    carrier_late_ = true;
    return;
  }
  while (!carried_.empty()) {
    forward_.Send(carried_.front(), now_);
    carried_.pop_front();
    if (carrier_late_) break;
  }
  if (carried_.empty()) carrier_late_ = false;
}

void CongestionSim::SendCompeting() {
  competing_bytes_ += static_cast<double>(config_.competing.bps()) / 8 / 1000;
  for (; competing_bytes_ >= kPacketBytes; competing_bytes_ -= kPacketBytes) {
    forward_.Send(MakePacket(kCompetingSsrc, rtp::kVp8PayloadType, kPacketBytes).bytes, now_);
  }
}

void CongestionSim::Deliver() {
  while (const auto packet = forward_.Receive(now_)) {
    const auto view = rtp::ParseRtp(*packet);
    if (!view) std::abort();
    if (view->header.ssrc == kCompetingSsrc) continue;
    recorder_.OnPacket(*view->extensions.transport_sequence_number, now_ + receiver_clock_);
    int64_t sent_us = 0;
    std::memcpy(&sent_us, view->payload.data(), kStampBytes);
    ++received_packets_;
    received_bytes_ += static_cast<int64_t>(packet->size());
    delays_.push_back(now_ - Timestamp::Micros(sent_us) - config_.forward.delay);
  }
}

void CongestionSim::SendFeedback() {
  if (now_.us() / 1000 < next_feedback_ms_) return;
  next_feedback_ms_ +=
      (now_.us() / 1000 - next_feedback_ms_) / kFeedbackIntervalMs * kFeedbackIntervalMs +
      kFeedbackIntervalMs;
  while (const auto feedback = recorder_.BuildFeedback()) {
    std::vector<uint8_t> bytes;
    if (!rtp::AppendRtcp(*feedback, bytes)) std::abort();
    if (!drop_feedback_) backward_.Send(bytes, now_);
  }
}

void CongestionSim::ReceiveFeedback() {
  if (Stalled(SimThread::kCarrier)) return;
  while (const auto bytes = backward_.Receive(now_)) {
    const auto packets = rtp::ParseRtcp(*bytes);
    if (!packets) std::abort();
    for (const rtp::RtcpPacket& packet : *packets) {
      sender_.control().OnFeedback(std::get<rtp::TransportFeedback>(packet), now_);
    }
  }
}

CongestionSimSpan CongestionSim::Run(Duration time) {
  const Timestamp end = now_ + time;
  sent_packets_ = received_packets_ = received_bytes_ = 0;
  delays_.clear();
  CongestionSimSpan span;
  span.min_target = sender_.control().target();
  double targets = 0;
  while (now_ < end) {
    Step();
    targets += static_cast<double>(sender_.control().target().bps());
    span.min_target = std::min(span.min_target, sender_.control().target());
  }
  span.mean_target = DataRate::BitsPerSec(static_cast<int64_t>(targets / time.ms_f()));
  span.received = DataRate::BitsPerSec(
      static_cast<int64_t>(static_cast<double>(received_bytes_) * 8 / time.seconds_f()));
  span.lost = 1 - static_cast<double>(received_packets_) /
                      static_cast<double>(std::max<int64_t>(sent_packets_, 1));
  if (delays_.empty()) return span;
  std::ranges::sort(delays_);
  span.mean_queue = std::accumulate(delays_.begin(), delays_.end(), Duration::Zero()) /
                    static_cast<int64_t>(delays_.size());
  span.p95_queue = delays_[delays_.size() * 95 / 100];
  span.max_queue = delays_.back();
  return span;
}

std::optional<Duration> CongestionSim::RunUntil(const std::function<bool()>& until,
                                                Duration limit) {
  const Timestamp begin = now_;
  while (!until()) {
    if (now_ - begin >= limit) return std::nullopt;
    Step();
  }
  return now_ - begin;
}

}  // namespace ferry::transport::testing
