#include "gateway/testing/relayed_call.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace ferry::gateway::testing {
namespace {

constexpr StreamId kAudio{1, 1};
constexpr StreamId kVideo{1, 2};
constexpr uint32_t kHeardSsrc = 300;
constexpr uint32_t kSeenSsrc = 400;
constexpr Duration kTick = Duration::Millis(25);
constexpr Duration kStep = Duration::Millis(1);
// Sound and headers beside the picture.
constexpr int64_t kBesideBps = 60'000;
constexpr DataRate kLeastPicture = DataRate::KilobitsPerSec(40);
// Sound of 40 kbps: 20 ms of CELT in full band (RFC 6716 §3.1). Not encoded here, because an
// encoder makes packets of other sizes on another processor, and with them another call.
constexpr std::array<uint8_t, 100> kSound{0xF8};
constexpr Duration kSoundTime = Duration::Millis(20);
constexpr size_t kKeyframeFactor = 8;
constexpr size_t kLeastFrame = 100;
// Of what is decoded: the playout queue of a page.
constexpr Duration kDownstream = Duration::Millis(30);

class NoListener final : public MediaEndpointListener {
  void OnLayerChanged(const SubscriptionRequest&, ForwardedLayer) override {}
};
NoListener no_listener;

}  // namespace

// One client's connection: its hop and the gateway's endpoint.
class RelayedCall::Side final : public net::Connection {
 public:
  Side(const Hop& hop, SfuWorker& worker, uint32_t own_ssrc, Timestamp now)
      : up(hop.up),
        down(hop.down),
        endpoint({}, worker, no_listener, own_ssrc),
        round_trip_(hop.up.delay + hop.down.delay) {
    endpoint.Attach(*this, now);
  }
  ~Side() override { endpoint.Suspend(); }

  void Wake() override { woken_ = true; }
  void Close(uint16_t, std::string_view) override {}
  void Abort() override {}
  net::TransportKind transport() const override { return net::TransportKind::kWebTransport; }
  bool reliable() const override { return false; }
  std::optional<Duration> round_trip() const override { return round_trip_; }
  const std::string& remote_address() const override { return address_; }

  void Receive(Timestamp now) {
    while (auto packet = up.Receive(now)) {
      received_bytes += packet->size();
      endpoint.OnPacket(*packet, now);
    }
  }
  void Send(Timestamp now) {
    if (!std::exchange(woken_, false)) return;
    net::OutgoingFrame frame;
    while (endpoint.NextFrame(frame, now)) {
      sent_bytes += frame.bytes.size();
      down.Send(frame.bytes, now);
    }
  }

  sim::Link up;
  sim::Link down;
  MediaEndpoint endpoint;
  size_t received_bytes = 0;
  size_t sent_bytes = 0;    // to the client
  size_t pushed_bytes = 0;  // by the client

 private:
  const Duration round_trip_;  // what QUIC measures
  bool woken_ = false;
  std::string address_ = "192.0.2.1";
};

RelayedCall::RelayedCall(const Hop& publisher_hop, const Hop& subscriber_hop)
    : publisher_side_(std::make_unique<Side>(publisher_hop, worker_, 1, now_)),
      subscriber_side_(std::make_unique<Side>(subscriber_hop, worker_, 2, now_)) {
  const StreamInfo audio{.stream_id = "a", .kind = MediaKind::kAudio, .codec = Codec::kOpus};
  const StreamInfo video{.stream_id = "v", .kind = MediaKind::kVideo, .codec = Codec::kVp8};
  const std::vector<EncodingInfo> audio_encodings{{.ssrc = kAudioSsrc}};
  const std::vector<EncodingInfo> video_encodings{
      {.ssrc = kVideoSsrc, .width = 640, .height = 360}};
  publisher_side_->endpoint.Publish({.key = kAudio, .info = audio, .encodings = audio_encodings});
  publisher_side_->endpoint.Publish({.key = kVideo, .info = video, .encodings = video_encodings});
  subscriber_side_->endpoint.Subscribe(
      {.key = kAudio, .info = audio, .ssrc = kHeardSsrc, .encodings = audio_encodings}, now_);
  subscriber_side_->endpoint.Subscribe(
      {.key = kVideo, .info = video, .ssrc = kSeenSsrc, .encodings = video_encodings}, now_);
  (void)publisher.AddAudioSender(kAudioSsrc, 1, DataRate::KilobitsPerSec(40));
  (void)publisher.AddVideoSender(kVideoSsrc);
  publisher.SetRepairs(true);
  publisher.SetWantedBitrate(DataRate::BitsPerSec(picture.bps() + kBesideBps));
  (void)subscriber.AddAudioReceiver(kHeardSsrc, 1);
  (void)subscriber.AddVideoReceiver(kSeenSsrc, 1);
}

RelayedCall::~RelayedCall() = default;

void RelayedCall::Configure(const Hop& publisher_hop, const Hop& subscriber_hop) {
  publisher_side_->up.Configure(publisher_hop.up);
  publisher_side_->down.Configure(publisher_hop.down);
  subscriber_side_->up.Configure(subscriber_hop.up);
  subscriber_side_->down.Configure(subscriber_hop.down);
}

void RelayedCall::Run(Duration duration) {
  for (const Timestamp end = now_ + duration; now_ < end; now_ += kStep) Step();
}

void RelayedCall::Step() {
  if (now_ >= next_audio_) PushAudio();
  if (send_video && now_ >= next_video_) PushVideo();
  Flush(publisher, publisher_side_->up);
  publisher_side_->Receive(now_);
  subscriber_side_->Receive(now_);
  worker_.Run(now_);
  if (now_ >= next_tick_) {
    next_tick_ += kTick;
    worker_.Tick(now_);
    publisher_side_->endpoint.Tick(now_);
    subscriber_side_->endpoint.Tick(now_);
  }
  if (now_ >= next_wake_) {
    next_wake_ += WakeScheduler::kInterval;
    worker_.wakes().Run();
  }
  publisher_side_->Send(now_);
  subscriber_side_->Send(now_);
  while (auto packet = publisher_side_->down.Receive(now_)) {
    (void)publisher.Receive(*packet, now_);
  }
  while (auto packet = subscriber_side_->down.Receive(now_)) {
    (void)subscriber.Receive(*packet, now_);
  }
  if (now_ >= next_pull_) Pull();
  Flush(subscriber, subscriber_side_->up);
}

void RelayedCall::PushAudio() {
  (void)publisher.PushOpus(kAudioSsrc, kSound, {}, next_audio_ - kSoundTime, now_);
  next_audio_ += kSoundTime;
}

void RelayedCall::PushVideo() {
  const bool keyframe = std::exchange(want_keyframe_, false);
  const DataRate rate = std::clamp(
      DataRate::BitsPerSec(publisher.target_bitrate().bps() - kBesideBps), kLeastPicture, picture);
  const double bytes = static_cast<double>(rate.bps()) / 8 * kFrameInterval.seconds_f();
  const size_t delta = std::max(static_cast<size_t>(bytes), kLeastFrame);
  std::vector<uint8_t> frame(keyframe ? delta * kKeyframeFactor : delta);
  const bool base = temporal_layers == 1 || keyframe || frame_number_ % 2 == 0;
  const int reference = temporal_layers == 1 ? frame_number_ - 1 : base_frame_;
  frame[0] = keyframe ? 0 : 1;  // RFC 6386 §9.1
  frame[1] = static_cast<uint8_t>(frame_number_ >> 8);
  frame[2] = static_cast<uint8_t>(frame_number_);
  frame[3] = static_cast<uint8_t>(reference >> 8);
  frame[4] = static_cast<uint8_t>(reference);
  frame[5] = base ? 0 : 1;
  if (base) base_frame_ = frame_number_;
  ++frame_number_;
  if (keyframe) ++keyframes_;
  (void)publisher.SendFrame(
      kVideoSsrc, frame, keyframe, next_video_, now_,
      temporal_layers == 1 ? std::nullopt : std::optional<uint8_t>(base ? 0 : 1));
  next_video_ += kFrameInterval;
}

void RelayedCall::Pull() {
  std::array<float, kAudioFrameSamples * session::AudioReceiver::kChannels> block;
  (void)subscriber.PullAudio(kHeardSsrc, kDownstream, now_, block);
  next_pull_ += Duration::Millis(10);
}

void RelayedCall::Flush(session::MediaSession& session, sim::Link& link) {
  while (auto output = session.Poll(now_)) {
    if (const auto* packet = std::get_if<session::SendPacket>(&*output)) {
      if (&session == &publisher) publisher_side_->pushed_bytes += packet->bytes.size();
      link.Send(packet->bytes, now_);
    } else if (const auto* frame = std::get_if<session::DecodeFrame>(&*output)) {
      Decode(frame->frame);
    } else {
      want_keyframe_ = true;
    }
  }
}

void RelayedCall::Decode(const session::VideoReceiver::Frame& frame) {
  const auto& data = frame.frame.data;
  const int number = data[1] << 8 | data[2];
  const int reference = data[3] << 8 | data[4];
  const bool base = data[5] == 0;
  if (!frame.frame.keyframe && last_base_ != reference) ++undecodable_;
  if (base) last_base_ = number;
  if (!first_frame_) first_frame_ = now_ - began_;
  shown_.push_back({now_, frame.capture_time ? now_ - *frame.capture_time : Duration::Zero()});
}

void RelayedCall::Reset() {
  shown_before_ = shown_.empty() ? since_ : shown_.back().at;
  shown_.clear();
  since_ = now_;
  const auto& stats = subscriber.audio_receiver(kHeardSsrc)->jitter_buffer().stats();
  concealed_before_ = stats.concealed_samples;
  played_before_ = stats.total_samples;
  publisher_side_->pushed_bytes = 0;
  subscriber_side_->sent_bytes = 0;
  keyframes_ = 0;
}

CallFigures RelayedCall::figures() const {
  CallFigures figures;
  const double seconds = (now_ - since_).seconds_f();
  figures.frames_per_second = static_cast<double>(shown_.size()) / seconds;
  std::vector<Duration> delays;
  Timestamp before = shown_before_.value_or(since_);
  const auto freeze = [&](Timestamp at) {
    if (at - before > kFreeze) figures.freeze_s += (at - before).seconds_f();
    before = at;
  };
  for (const Shown& shown : shown_) {
    delays.push_back(shown.delay);
    freeze(shown.at);
  }
  freeze(now_);
  if (!delays.empty()) {
    std::ranges::sort(delays);
    figures.video_p50 = delays[delays.size() / 2];
    figures.video_p95 = delays[delays.size() * 95 / 100];
  }
  const auto& sound = subscriber.audio_receiver(kHeardSsrc)->jitter_buffer();
  const auto& stats = sound.stats();
  figures.concealed =
      static_cast<double>(stats.concealed_samples - concealed_before_) /
      static_cast<double>(std::max<uint64_t>(stats.total_samples - played_before_, 1));
  figures.audio_delay = sound.CurrentDelay();
  const auto rate = [&](size_t bytes) {
    return DataRate::BitsPerSec(static_cast<int64_t>(static_cast<double>(bytes) * 8 / seconds));
  };
  figures.sent_up = rate(publisher_side_->pushed_bytes);
  figures.sent_down = rate(subscriber_side_->sent_bytes);
  figures.keyframes = keyframes_;
  return figures;
}

}  // namespace ferry::gateway::testing
