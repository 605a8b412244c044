// The C interface of engine.wasm: RTP, jitter buffers and Opus for one connection of one page.
//
// Times are milliseconds as doubles of one clock, Unix epoch with fractions
// (performance.timeOrigin + performance.now()), the same in all threads of the page. The module
// does no I/O: bytes go in through buffers of the engine, and come out of ferry_engine_poll.
// Functions that return int give 0 or a positive value on success, and a negative value on failure;
// ferry_last_error() then tells why.
#pragma once

#include <stdint.h>

extern "C" {

typedef struct FerryEngine FerryEngine;

// `seed` starts the random numbers of sequence numbers and timestamps (crypto.getRandomValues).
FerryEngine* ferry_engine_create(uint32_t seed);
void ferry_engine_destroy(FerryEngine*);
// Last failure in words, UTF-8, NUL terminated.
const char* ferry_last_error(void);

// --- The network ---------------------------------------------------------------------------------
// Buffer for one received packet (1 200 bytes); then ferry_engine_receive with its size.
uint8_t* ferry_engine_packet_buffer(FerryEngine*);
int ferry_engine_receive(FerryEngine*, uint32_t size, double now_ms);

// --- Publishing ----------------------------------------------------------------------------------
// `ssrc` as the gateway assigned it.
int ferry_engine_add_audio_sender(FerryEngine*, uint32_t ssrc, int channels, int bitrate_bps);
// Room for 20 ms of interleaved float samples at 48 kHz, up to two channels (1 920 floats).
float* ferry_engine_capture_buffer(FerryEngine*);
// Takes `frames` samples per channel (at most 960) from the capture buffer; the first was captured
// at `capture_ms`. Packets are made every 20 ms of audio.
int ferry_engine_push_audio(FerryEngine*, uint32_t ssrc, uint32_t frames, double capture_ms,
                            double now_ms);
// A muted sender encodes silence, sparsely.
int ferry_engine_set_audio_muted(FerryEngine*, uint32_t ssrc, int muted);

// `codec`: 8, VP8; others are refused.
int ferry_engine_add_video_sender(FerryEngine*, uint32_t ssrc, int codec);
// Buffer of at least `size` bytes for one encoded frame, 0 when larger than 4 MiB.
uint8_t* ferry_engine_frame_buffer(FerryEngine*, uint32_t size);
// `temporal_id`: 0 or 1 of an encoder with temporal layers, else negative.
int ferry_engine_send_frame(FerryEngine*, uint32_t ssrc, uint32_t size, int keyframe,
                            int temporal_id, double capture_ms, double now_ms);
int ferry_engine_remove_sender(FerryEngine*, uint32_t ssrc);
// What everything published may send together, in bits per second, by congestion control; changes
// with what ferry_engine_receive took in. The encoders share it.
double ferry_engine_target_bitrate(FerryEngine*);
// What the encoders could use altogether at their best: the engine probes for it. 0: it does not.
int ferry_engine_set_wanted_bitrate(FerryEngine*, double bits_per_second);
// The session goes on over another connection: the bandwidth is estimated anew.
int ferry_engine_path_changed(FerryEngine*);
// How long the oldest packet has been waiting in the socket, 0 when none is; holds until the next
// call.
int ferry_engine_set_local_queue_delay(FerryEngine*, double delay_ms, double now_ms);

// --- Subscribing ---------------------------------------------------------------------------------
// Streams of one `sync_group` (one remote user's camera and microphone) play in sync; 0: none.
int ferry_engine_add_audio_receiver(FerryEngine*, uint32_t ssrc, uint32_t sync_group);
int ferry_engine_add_video_receiver(FerryEngine*, uint32_t ssrc, int codec, uint32_t sync_group);
// Asks the publisher for a key frame (after a decoder failed).
int ferry_engine_request_keyframe(FerryEngine*, uint32_t ssrc);
int ferry_engine_remove_receiver(FerryEngine*, uint32_t ssrc);
// The page's playoutDelay option, for all receivers; negative: the engine decides.
int ferry_engine_set_playout_delay(FerryEngine*, double min_ms, double max_ms);
// The round trip as measured on the control channel; paces retransmission requests.
int ferry_engine_set_round_trip(FerryEngine*, double round_trip_ms);
// 10 ms of audio to play: 480 interleaved samples per channel in the playout buffer.
// `downstream_ms` is how long from now until the first of them is heard (queue, output latency).
// Returns the number of channels, 2.
int ferry_engine_pull_audio(FerryEngine*, uint32_t ssrc, double downstream_ms, double now_ms);
const float* ferry_engine_playout_buffer(FerryEngine*);

// --- What the engine wants done ------------------------------------------------------------------
enum FerryOutput {
  FERRY_OUTPUT_NONE = 0,
  FERRY_OUTPUT_PACKET = 1,    // send output_data/output_size to the gateway; output_kind tells what
  FERRY_OUTPUT_FRAME = 2,     // decode output_data/output_size of output_ssrc now; output_keyframe,
                              // output_capture_ms (publisher's clock)
  FERRY_OUTPUT_KEYFRAME = 3,  // encode the next frame of the local video output_ssrc as a key frame
};
enum FerryPacketKind { FERRY_PACKET_AUDIO = 0, FERRY_PACKET_VIDEO = 1, FERRY_PACKET_CONTROL = 2 };
// Call until it returns NONE, after each call above that may produce output, and at
// ferry_engine_next_wakeup_ms. Output members hold until the next call on the engine.
int ferry_engine_poll(FerryEngine*, double now_ms);
const uint8_t* ferry_engine_output_data(FerryEngine*);
uint32_t ferry_engine_output_size(FerryEngine*);
int ferry_engine_output_kind(FerryEngine*);
uint32_t ferry_engine_output_ssrc(FerryEngine*);
int ferry_engine_output_keyframe(FerryEngine*);
double ferry_engine_output_capture_ms(FerryEngine*);
// When to poll next though nothing happens; Infinity for never.
double ferry_engine_next_wakeup_ms(FerryEngine*);

// --- Statistics ----------------------------------------------------------------------------------
// Each fills a table of doubles, valid until the next call on the engine, 0 when there is no such
// stream. Counters run from the stream's start.
enum FerrySenderStat {  // audio and video senders
  FERRY_SENDER_PACKETS = 0,
  FERRY_SENDER_BYTES = 1,          // RTP packets whole
  FERRY_SENDER_FRAMES = 2,         // video frames or audio packets
  FERRY_SENDER_RETRANSMITTED = 3,  // packets
  FERRY_SENDER_FRACTION_LOST = 4,  // 0..1, newest receiver report
  FERRY_SENDER_RTT_MS = 5,         // from reports; negative while unknown
  FERRY_SENDER_AUDIO_LEVEL = 6,    // 0..1, smoothed
  FERRY_SENDER_KEYFRAMES = 7,
  FERRY_SENDER_STAT_COUNT = 8,
};
const double* ferry_engine_sender_stats(FerryEngine*, uint32_t ssrc);
enum FerryReceiverStat {
  FERRY_RECEIVER_PACKETS = 0,
  FERRY_RECEIVER_BYTES = 1,
  FERRY_RECEIVER_LOST = 2,             // packets, cumulative
  FERRY_RECEIVER_JITTER_MS = 3,        // RFC 3550
  FERRY_RECEIVER_BUFFER_DELAY_MS = 4,  // current jitter buffer or frame buffer delay
  FERRY_RECEIVER_TARGET_DELAY_MS = 5,
  FERRY_RECEIVER_FRAMES = 6,  // video frames given to the decoder; audio: 10 ms blocks played
  FERRY_RECEIVER_KEYFRAMES = 7,
  FERRY_RECEIVER_NACKS = 8,            // packets asked for again
  FERRY_RECEIVER_PLIS = 9,             // key frames asked for
  FERRY_RECEIVER_CONCEALED_MS = 10,    // audio
  FERRY_RECEIVER_AUDIO_LEVEL = 11,     // 0..1, smoothed
  FERRY_RECEIVER_FRAMES_DROPPED = 12,  // video frames given up
  FERRY_RECEIVER_END_TO_END_MS = 13,   // capture to playout by the clocks of both ends; only
                                       // meaningful when they are one machine's
  FERRY_RECEIVER_STAT_COUNT = 14,
};
const double* ferry_engine_receiver_stats(FerryEngine*, uint32_t ssrc);

}  // extern "C"
