/** Exports of engine.wasm as wasm/engine_module.h declares them; pointers are numbers. */
export interface EngineExports {
  memory: WebAssembly.Memory;
  ferry_engine_create(seed: number): number;
  ferry_engine_destroy(engine: number): void;
  ferry_last_error(): number;
  ferry_engine_packet_buffer(engine: number): number;
  ferry_engine_receive(engine: number, size: number, now: number): number;
  ferry_engine_add_audio_sender(e: number, ssrc: number, channels: number, bps: number): number;
  ferry_engine_capture_buffer(engine: number): number;
  ferry_engine_push_audio(
    engine: number,
    ssrc: number,
    frames: number,
    captureMs: number,
    now: number,
  ): number;
  ferry_engine_set_audio_muted(engine: number, ssrc: number, muted: number): number;
  ferry_engine_add_video_sender(engine: number, ssrc: number, codec: number): number;
  ferry_engine_frame_buffer(engine: number, size: number): number;
  ferry_engine_send_frame(
    engine: number,
    ssrc: number,
    size: number,
    keyframe: number,
    temporalId: number,
    captureMs: number,
    now: number,
  ): number;
  ferry_engine_remove_sender(engine: number, ssrc: number): number;
  ferry_engine_target_bitrate(engine: number): number;
  ferry_engine_path_changed(engine: number): number;
  ferry_engine_set_wanted_bitrate(engine: number, bitsPerSecond: number): number;
  ferry_engine_set_local_queue_delay(engine: number, delayMs: number, now: number): number;
  ferry_engine_add_audio_receiver(engine: number, ssrc: number, syncGroup: number): number;
  ferry_engine_add_video_receiver(e: number, ssrc: number, codec: number, group: number): number;
  ferry_engine_request_keyframe(engine: number, ssrc: number): number;
  ferry_engine_remove_receiver(engine: number, ssrc: number): number;
  ferry_engine_set_playout_delay(engine: number, minMs: number, maxMs: number): number;
  ferry_engine_set_round_trip(engine: number, roundTripMs: number): number;
  ferry_engine_pull_audio(engine: number, ssrc: number, downstream: number, now: number): number;
  ferry_engine_playout_buffer(engine: number): number;
  ferry_engine_poll(engine: number, now: number): number;
  ferry_engine_output_data(engine: number): number;
  ferry_engine_output_size(engine: number): number;
  ferry_engine_output_kind(engine: number): number;
  ferry_engine_output_ssrc(engine: number): number;
  ferry_engine_output_keyframe(engine: number): number;
  ferry_engine_output_capture_ms(engine: number): number;
  ferry_engine_next_wakeup_ms(engine: number): number;
  ferry_engine_sender_stats(engine: number, ssrc: number): number;
  ferry_engine_receiver_stats(engine: number, ssrc: number): number;
}

export const OUTPUT = { NONE: 0, PACKET: 1, FRAME: 2, KEYFRAME: 3 } as const;
export const PACKET = { AUDIO: 0, VIDEO: 1, CONTROL: 2 } as const;
export const VIDEO_CODEC: Record<string, number> = { vp8: 8, vp9: 9 };
