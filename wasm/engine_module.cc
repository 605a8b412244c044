#include "wasm/engine_module.h"

#include <array>
#include <cmath>
#include <limits>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "core/session/media_session.h"
#include "wasm/export.h"

namespace {

using ferry::Duration;
using ferry::Error;
using ferry::Result;
using ferry::Timestamp;
using ferry::session::MediaSession;

constexpr int kFailed = -1;
constexpr int kVp8 = 8;

std::string& LastError() {
  static std::string error;
  return error;
}

int Return(const Result<void>& result) {
  if (result) return 0;
  LastError() = result.error().message;
  return kFailed;
}

int Refuse(const char* message) {
  LastError() = message;
  return kFailed;
}

Timestamp Time(double ms) { return Timestamp::Micros(static_cast<int64_t>(ms * 1000)); }
Duration Span(double ms) { return Duration::Micros(static_cast<int64_t>(ms * 1000)); }

}  // namespace

struct FerryEngine {
  explicit FerryEngine(uint32_t seed) : session(seed) {}

  MediaSession session;
  std::array<uint8_t, ferry::rtp::kMaxReceivedPacketSize> packet;
  std::array<float, size_t{ferry::kOpusFrameSamples} * 2> capture;
  std::array<float, ferry::kAudioFrameSamples * ferry::session::AudioReceiver::kChannels> playout;
  std::vector<uint8_t> frame;
  std::optional<ferry::session::Output> output;
  std::array<double, FERRY_SENDER_STAT_COUNT> sender_stats;
  std::array<double, FERRY_RECEIVER_STAT_COUNT> receiver_stats;
};

namespace {

ferry::ByteSpan OutputBytes(const FerryEngine* engine) {
  if (!engine->output) return {};
  if (const auto* packet = std::get_if<ferry::session::SendPacket>(&*engine->output)) {
    return packet->bytes;
  }
  if (const auto* frame = std::get_if<ferry::session::DecodeFrame>(&*engine->output)) {
    return frame->frame.frame.data;
  }
  return {};
}

template <typename T>
const T* OutputAs(const FerryEngine* engine) {
  return engine->output ? std::get_if<T>(&*engine->output) : nullptr;
}

}  // namespace

extern "C" {

FERRY_EXPORT FerryEngine* ferry_engine_create(uint32_t seed) {
  return new (std::nothrow) FerryEngine(seed);
}

FERRY_EXPORT void ferry_engine_destroy(FerryEngine* engine) { delete engine; }

FERRY_EXPORT const char* ferry_last_error() { return LastError().c_str(); }

// --- The network

FERRY_EXPORT uint8_t* ferry_engine_packet_buffer(FerryEngine* engine) {
  return engine->packet.data();
}

FERRY_EXPORT int ferry_engine_receive(FerryEngine* engine, uint32_t size, double now_ms) {
  if (size > engine->packet.size()) return Refuse("a packet of more than 1200 bytes");
  return Return(engine->session.Receive(ferry::ByteSpan(engine->packet).first(size), Time(now_ms)));
}

// --- Publishing

FERRY_EXPORT int ferry_engine_add_audio_sender(FerryEngine* engine, uint32_t ssrc, int channels,
                                               int bitrate_bps) {
  if (channels < 1 || channels > 2) return Refuse("audio has one or two channels");
  return Return(
      engine->session.AddAudioSender(ssrc, channels, ferry::DataRate::BitsPerSec(bitrate_bps)));
}

FERRY_EXPORT float* ferry_engine_capture_buffer(FerryEngine* engine) {
  return engine->capture.data();
}

FERRY_EXPORT int ferry_engine_push_audio(FerryEngine* engine, uint32_t ssrc, uint32_t frames,
                                         double capture_ms, double now_ms) {
  const auto* sender = engine->session.audio_sender(ssrc);
  if (!sender) return Refuse("no such audio sender");
  const size_t samples = size_t{frames} * static_cast<size_t>(sender->channels());
  if (frames > ferry::kOpusFrameSamples) return Refuse("more than 20 ms of audio at once");
  return Return(engine->session.PushAudio(ssrc, std::span(engine->capture).first(samples),
                                          Time(capture_ms), Time(now_ms)));
}

FERRY_EXPORT int ferry_engine_set_audio_muted(FerryEngine* engine, uint32_t ssrc, int muted) {
  return Return(engine->session.SetAudioMuted(ssrc, muted != 0));
}

FERRY_EXPORT int ferry_engine_add_video_sender(FerryEngine* engine, uint32_t ssrc, int codec) {
  if (codec != kVp8) return Refuse("the engine sends VP8 only");
  return Return(engine->session.AddVideoSender(ssrc));
}

FERRY_EXPORT uint8_t* ferry_engine_frame_buffer(FerryEngine* engine, uint32_t size) {
  if (size > ferry::session::VideoSender::kMaxFrameSize) return nullptr;
  if (engine->frame.size() < size) engine->frame.resize(size);
  return engine->frame.data();
}

FERRY_EXPORT int ferry_engine_send_frame(FerryEngine* engine, uint32_t ssrc, uint32_t size,
                                         int keyframe, int temporal_id, double capture_ms,
                                         double now_ms) {
  if (size > engine->frame.size()) return Refuse("the frame buffer is smaller than the frame");
  std::optional<uint8_t> layer;
  if (temporal_id >= 0) layer = static_cast<uint8_t>(std::min(temporal_id, 0xFF));
  return Return(engine->session.SendFrame(ssrc, ferry::ByteSpan(engine->frame).first(size),
                                          keyframe != 0, Time(capture_ms), Time(now_ms), layer));
}

FERRY_EXPORT int ferry_engine_remove_sender(FerryEngine* engine, uint32_t ssrc) {
  return Return(engine->session.RemoveSender(ssrc));
}

FERRY_EXPORT double ferry_engine_target_bitrate(FerryEngine* engine) {
  return static_cast<double>(engine->session.target_bitrate().bps());
}

FERRY_EXPORT int ferry_engine_path_changed(FerryEngine* engine) {
  engine->session.OnPathChanged();
  return 0;
}

FERRY_EXPORT int ferry_engine_set_wanted_bitrate(FerryEngine* engine, double bits_per_second) {
  if (!(bits_per_second >= 0 && bits_per_second <= 1e12)) {
    return Refuse("a bitrate is between 0 and 1e12 bits per second");
  }
  engine->session.SetWantedBitrate(
      ferry::DataRate::BitsPerSec(static_cast<int64_t>(bits_per_second)));
  return 0;
}

FERRY_EXPORT int ferry_engine_set_local_queue_delay(FerryEngine* engine, double delay_ms,
                                                    double now_ms) {
  if (!(delay_ms >= 0)) return Refuse("a delay is not negative");
  engine->session.SetLocalQueueDelay(Span(delay_ms), Time(now_ms));
  return 0;
}

// --- Subscribing

FERRY_EXPORT int ferry_engine_add_audio_receiver(FerryEngine* engine, uint32_t ssrc,
                                                 uint32_t sync_group) {
  return Return(engine->session.AddAudioReceiver(ssrc, sync_group));
}

FERRY_EXPORT int ferry_engine_add_video_receiver(FerryEngine* engine, uint32_t ssrc, int codec,
                                                 uint32_t sync_group) {
  if (codec != kVp8) return Refuse("the engine receives VP8 only");
  return Return(engine->session.AddVideoReceiver(ssrc, sync_group));
}

FERRY_EXPORT int ferry_engine_request_keyframe(FerryEngine* engine, uint32_t ssrc) {
  return Return(engine->session.RequestKeyframe(ssrc));
}

FERRY_EXPORT int ferry_engine_remove_receiver(FerryEngine* engine, uint32_t ssrc) {
  return Return(engine->session.RemoveReceiver(ssrc));
}

FERRY_EXPORT int ferry_engine_set_playout_delay(FerryEngine* engine, double min_ms, double max_ms) {
  const auto bound = [](double ms) { return ms < 0 ? std::nullopt : std::optional(Span(ms)); };
  engine->session.SetPlayoutDelay(bound(min_ms), bound(max_ms));
  return 0;
}

FERRY_EXPORT int ferry_engine_set_round_trip(FerryEngine* engine, double round_trip_ms) {
  if (!(round_trip_ms >= 0)) return Refuse("a round trip is not negative");
  engine->session.SetRoundTrip(Span(round_trip_ms));
  return 0;
}

FERRY_EXPORT int ferry_engine_pull_audio(FerryEngine* engine, uint32_t ssrc, double downstream_ms,
                                         double now_ms) {
  const int result =
      Return(engine->session.PullAudio(ssrc, Span(downstream_ms), Time(now_ms), engine->playout));
  return result < 0 ? result : ferry::session::AudioReceiver::kChannels;
}

FERRY_EXPORT const float* ferry_engine_playout_buffer(FerryEngine* engine) {
  return engine->playout.data();
}

// --- What the engine wants done

FERRY_EXPORT int ferry_engine_poll(FerryEngine* engine, double now_ms) {
  engine->output = engine->session.Poll(Time(now_ms));
  if (!engine->output) return FERRY_OUTPUT_NONE;
  using namespace ferry::session;
  if (std::holds_alternative<SendPacket>(*engine->output)) return FERRY_OUTPUT_PACKET;
  if (std::holds_alternative<DecodeFrame>(*engine->output)) return FERRY_OUTPUT_FRAME;
  return FERRY_OUTPUT_KEYFRAME;
}

FERRY_EXPORT const uint8_t* ferry_engine_output_data(FerryEngine* engine) {
  return OutputBytes(engine).data();
}

FERRY_EXPORT uint32_t ferry_engine_output_size(FerryEngine* engine) {
  return static_cast<uint32_t>(OutputBytes(engine).size());
}

FERRY_EXPORT int ferry_engine_output_kind(FerryEngine* engine) {
  const auto* packet = OutputAs<ferry::session::SendPacket>(engine);
  if (!packet) return FERRY_PACKET_CONTROL;
  switch (packet->kind) {
    case ferry::session::PacketKind::kAudio:
      return FERRY_PACKET_AUDIO;
    case ferry::session::PacketKind::kVideo:
      return FERRY_PACKET_VIDEO;
    case ferry::session::PacketKind::kControl:
      return FERRY_PACKET_CONTROL;
  }
  return FERRY_PACKET_CONTROL;
}

FERRY_EXPORT uint32_t ferry_engine_output_ssrc(FerryEngine* engine) {
  if (const auto* frame = OutputAs<ferry::session::DecodeFrame>(engine)) return frame->ssrc;
  if (const auto* request = OutputAs<ferry::session::EncodeKeyframe>(engine)) {
    return request->ssrc;
  }
  return 0;
}

FERRY_EXPORT int ferry_engine_output_keyframe(FerryEngine* engine) {
  const auto* frame = OutputAs<ferry::session::DecodeFrame>(engine);
  return frame && frame->frame.frame.keyframe ? 1 : 0;
}

FERRY_EXPORT double ferry_engine_output_capture_ms(FerryEngine* engine) {
  const auto* frame = OutputAs<ferry::session::DecodeFrame>(engine);
  return frame && frame->frame.capture_time ? frame->frame.capture_time->ms_f() : 0;
}

FERRY_EXPORT double ferry_engine_next_wakeup_ms(FerryEngine* engine) {
  const Timestamp next = engine->session.NextWakeup();
  return next == Timestamp::Infinite() ? std::numeric_limits<double>::infinity() : next.ms_f();
}

// --- Statistics

FERRY_EXPORT const double* ferry_engine_sender_stats(FerryEngine* engine, uint32_t ssrc) {
  const auto* audio = engine->session.audio_sender(ssrc);
  const auto* video = engine->session.video_sender(ssrc);
  if (!audio && !video) return nullptr;
  auto& table = engine->sender_stats;
  const auto& stats = audio ? audio->rtp().stats() : video->rtp().stats();
  table[FERRY_SENDER_PACKETS] = static_cast<double>(stats.packets);
  table[FERRY_SENDER_BYTES] = static_cast<double>(stats.bytes);
  table[FERRY_SENDER_FRAMES] = static_cast<double>(audio ? stats.packets : video->frames());
  table[FERRY_SENDER_RETRANSMITTED] = static_cast<double>(stats.retransmitted);
  table[FERRY_SENDER_FRACTION_LOST] = stats.fraction_lost;
  table[FERRY_SENDER_RTT_MS] = stats.round_trip ? stats.round_trip->ms_f() : -1;
  table[FERRY_SENDER_AUDIO_LEVEL] = audio ? audio->level() : 0;
  table[FERRY_SENDER_KEYFRAMES] = video ? static_cast<double>(video->keyframes()) : 0;
  return table.data();
}

FERRY_EXPORT const double* ferry_engine_receiver_stats(FerryEngine* engine, uint32_t ssrc) {
  const auto* audio = engine->session.audio_receiver(ssrc);
  const auto* video = engine->session.video_receiver(ssrc);
  if (!audio && !video) return nullptr;
  auto& table = engine->receiver_stats;
  table.fill(0);
  const auto& reception = audio ? audio->reception() : video->reception();
  table[FERRY_RECEIVER_PACKETS] = static_cast<double>(reception.packets());
  table[FERRY_RECEIVER_BYTES] = static_cast<double>(reception.bytes());
  table[FERRY_RECEIVER_LOST] = static_cast<double>(reception.lost());
  table[FERRY_RECEIVER_JITTER_MS] = reception.jitter().ms_f();
  const auto end_to_end = audio ? audio->end_to_end() : video->end_to_end();
  table[FERRY_RECEIVER_END_TO_END_MS] = end_to_end ? end_to_end->ms_f() : -1;
  if (audio) {
    const ferry::JitterBuffer& buffer = audio->jitter_buffer();
    table[FERRY_RECEIVER_BUFFER_DELAY_MS] = buffer.CurrentDelay().ms_f();
    table[FERRY_RECEIVER_TARGET_DELAY_MS] = buffer.TargetDelay().ms_f();
    table[FERRY_RECEIVER_FRAMES] = static_cast<double>(audio->blocks_played());
    table[FERRY_RECEIVER_CONCEALED_MS] =
        static_cast<double>(buffer.stats().concealed_samples) * 1000 / ferry::kOpusSampleRate;
    table[FERRY_RECEIVER_AUDIO_LEVEL] = audio->level();
  } else {
    table[FERRY_RECEIVER_BUFFER_DELAY_MS] = video->timing().TargetDelay().ms_f();
    table[FERRY_RECEIVER_TARGET_DELAY_MS] = video->timing().TargetDelay().ms_f();
    table[FERRY_RECEIVER_FRAMES] = static_cast<double>(video->frames_released());
    table[FERRY_RECEIVER_KEYFRAMES] = static_cast<double>(video->keyframes_released());
    table[FERRY_RECEIVER_NACKS] = static_cast<double>(video->nacks_sent());
    table[FERRY_RECEIVER_PLIS] = static_cast<double>(video->keyframe_requests());
    table[FERRY_RECEIVER_FRAMES_DROPPED] = static_cast<double>(video->frames_dropped());
  }
  return table.data();
}

}  // extern "C"
