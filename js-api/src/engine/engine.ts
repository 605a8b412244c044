import { readCString } from '../util/wasm-loader';
import { OUTPUT, type EngineExports } from './engine-exports';
import type { EncodedFrame, ReceiverStats, SenderStats } from './messages';

export interface EngineOutputs {
  packet(data: Uint8Array, kind: number): void;
  frame(ssrc: number, data: ArrayBuffer, keyframe: boolean, captureMs: number): void;
  keyframeWanted(ssrc: number): void;
}

/** Frames per channel of one playout block, 10 ms. */
const BLOCK_FRAMES = 480;
const MAX_PACKET_BYTES = 1200;

/** engine.wasm with JavaScript's types: memory handling and error texts stay in here. */
export class Engine {
  private readonly handle: number;

  constructor(private readonly wasm: EngineExports) {
    const [seed = 1] = crypto.getRandomValues(new Uint32Array(1));
    this.handle = wasm.ferry_engine_create(seed);
    if (this.handle === 0) throw new Error('the engine could not be created');
  }

  destroy(): void {
    this.wasm.ferry_engine_destroy(this.handle);
  }

  receive(packet: Uint8Array, now: number): void {
    if (packet.byteLength > MAX_PACKET_BYTES) return;
    const pointer = this.wasm.ferry_engine_packet_buffer(this.handle);
    this.bytes(pointer, packet.byteLength).set(packet);
    // A packet that makes no sense is the network's affair: the engine counts it, nothing stops.
    this.wasm.ferry_engine_receive(this.handle, packet.byteLength, now);
  }

  addAudioSender(ssrc: number, channels: number, bitrateBps: number): void {
    this.check(
      this.wasm.ferry_engine_add_audio_sender(this.handle, ssrc, channels, bitrateBps),
      'add_audio_sender',
    );
  }

  addVideoSender(ssrc: number, codec: number): void {
    this.check(
      this.wasm.ferry_engine_add_video_sender(this.handle, ssrc, codec),
      'add_video_sender',
    );
  }

  removeSender(ssrc: number): void {
    this.wasm.ferry_engine_remove_sender(this.handle, ssrc);
  }

  pushAudio(ssrc: number, samples: Float32Array, frames: number, captureMs: number, now: number) {
    const pointer = this.wasm.ferry_engine_capture_buffer(this.handle);
    new Float32Array(this.wasm.memory.buffer, pointer, samples.length).set(samples);
    this.check(
      this.wasm.ferry_engine_push_audio(this.handle, ssrc, frames, captureMs, now),
      'push_audio',
    );
  }

  setAudioMuted(ssrc: number, muted: boolean): void {
    this.wasm.ferry_engine_set_audio_muted(this.handle, ssrc, muted ? 1 : 0);
  }

  sendFrame(ssrc: number, frame: Omit<EncodedFrame, 'encoding'>, now: number) {
    const { data, temporalId, captureMs } = frame;
    const keyframe = frame.keyframe ? 1 : 0;
    const size = data.byteLength;
    const pointer = this.wasm.ferry_engine_frame_buffer(this.handle, size);
    if (pointer === 0) throw new Error(`an encoded frame of ${size} bytes is too large`);
    this.bytes(pointer, size).set(new Uint8Array(data));
    this.check(
      this.wasm.ferry_engine_send_frame(
        this.handle,
        ssrc,
        size,
        keyframe,
        temporalId,
        captureMs,
        now,
      ),
      'send_frame',
    );
  }

  /** What everything published may send together, in bits per second, by congestion control. */
  targetBitrate(): number {
    return this.wasm.ferry_engine_target_bitrate(this.handle);
  }

  /** Another connection carries the packets from now on: bandwidth is estimated anew. */
  pathChanged(): void {
    this.wasm.ferry_engine_path_changed(this.handle);
  }

  /** What the encoders could use at their best: congestion control probes for it. */
  setWantedBitrate(bitsPerSecond: number): void {
    this.check(
      this.wasm.ferry_engine_set_wanted_bitrate(this.handle, bitsPerSecond),
      'set_wanted_bitrate',
    );
  }

  /** How long the oldest packet has been waiting in the socket: counts until the next call. */
  setLocalQueueDelay(delayMs: number, now: number): void {
    this.check(
      this.wasm.ferry_engine_set_local_queue_delay(this.handle, delayMs, now),
      'set_local_queue_delay',
    );
  }

  addAudioReceiver(ssrc: number, syncGroup: number): void {
    this.check(
      this.wasm.ferry_engine_add_audio_receiver(this.handle, ssrc, syncGroup),
      'add_audio_receiver',
    );
  }

  addVideoReceiver(ssrc: number, codec: number, syncGroup: number): void {
    this.check(
      this.wasm.ferry_engine_add_video_receiver(this.handle, ssrc, codec, syncGroup),
      'add_video_receiver',
    );
  }

  requestKeyframe(ssrc: number): void {
    this.wasm.ferry_engine_request_keyframe(this.handle, ssrc);
  }

  removeReceiver(ssrc: number): void {
    this.wasm.ferry_engine_remove_receiver(this.handle, ssrc);
  }

  setPlayoutDelay(minMs: number, maxMs: number): void {
    this.wasm.ferry_engine_set_playout_delay(this.handle, minMs, maxMs);
  }

  /** As measured on the control channel; paces requests for lost packets. */
  setRoundTrip(ms: number): void {
    this.wasm.ferry_engine_set_round_trip(this.handle, ms);
  }

  /** 10 ms to play, as a copy that may be transferred. */
  pullAudio(ssrc: number, downstreamMs: number, now: number) {
    const channels = this.wasm.ferry_engine_pull_audio(this.handle, ssrc, downstreamMs, now);
    this.check(channels, 'pull_audio');
    const pointer = this.wasm.ferry_engine_playout_buffer(this.handle);
    const view = new Float32Array(this.wasm.memory.buffer, pointer, BLOCK_FRAMES * channels);
    return { samples: view.slice(), channels };
  }

  /** Hands out everything the engine wants done. */
  poll(now: number, outputs: EngineOutputs): void {
    const { wasm, handle } = this;
    for (;;) {
      const output = wasm.ferry_engine_poll(handle, now);
      if (output === OUTPUT.NONE) return;
      const ssrc = wasm.ferry_engine_output_ssrc(handle) >>> 0;
      if (output === OUTPUT.PACKET)
        outputs.packet(this.output(), wasm.ferry_engine_output_kind(handle));
      else if (output === OUTPUT.KEYFRAME) outputs.keyframeWanted(ssrc);
      else if (output === OUTPUT.FRAME)
        outputs.frame(
          ssrc,
          this.output().slice().buffer,
          wasm.ferry_engine_output_keyframe(handle) !== 0,
          wasm.ferry_engine_output_capture_ms(handle),
        );
    }
  }

  /** When to poll next though nothing happens; Infinity for never. */
  nextWakeup(): number {
    return this.wasm.ferry_engine_next_wakeup_ms(this.handle);
  }

  senderStats(ssrc: number): SenderStats | undefined {
    const table = this.table(this.wasm.ferry_engine_sender_stats(this.handle, ssrc), 8);
    if (!table) return undefined;
    const [packets, bytes, frames, retransmitted, fractionLost, rttMs, audioLevel, keyframes] =
      table;
    return {
      packets,
      bytes,
      frames,
      retransmitted,
      fractionLost,
      rttMs,
      audioLevel,
      keyframes,
    } as SenderStats;
  }

  receiverStats(ssrc: number): ReceiverStats | undefined {
    const table = this.table(this.wasm.ferry_engine_receiver_stats(this.handle, ssrc), 14);
    if (!table) return undefined;
    const entries = RECEIVER_STATS.map((name, i) => [name, table[i]]);
    return Object.fromEntries(entries) as ReceiverStats;
  }

  private output(): Uint8Array<ArrayBuffer> {
    return this.bytes(
      this.wasm.ferry_engine_output_data(this.handle),
      this.wasm.ferry_engine_output_size(this.handle),
    );
  }

  private bytes(pointer: number, size: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.wasm.memory.buffer as ArrayBuffer, pointer, size);
  }

  private table(pointer: number, count: number): number[] | undefined {
    return pointer === 0
      ? undefined
      : [...new Float64Array(this.wasm.memory.buffer, pointer, count)];
  }

  private check(result: number, what: string): void {
    if (result >= 0) return;
    const why = readCString(this.wasm.memory, this.wasm.ferry_last_error());
    throw new Error(`engine: ${what}: ${why}`);
  }
}

/** In the order of FerryReceiverStat. */
const RECEIVER_STATS: (keyof ReceiverStats)[] = [
  'packets',
  'bytes',
  'lost',
  'jitterMs',
  'bufferDelayMs',
  'targetDelayMs',
  'frames',
  'keyframes',
  'nacks',
  'plis',
  'concealedMs',
  'audioLevel',
  'framesDropped',
  'endToEndMs',
];
