import type { PlayoutBlock, PlayoutRequest } from '../engine/messages';

/** 10 ms at 48 kHz, the engine's unit. */
const BLOCK_FRAMES = 480;
/** Start with this much ahead: two blocks outlast a render burst of 10 ms and the way to the worker. */
export const START_FRAMES = 960;
/** Never less than one block and one quantum. */
export const MIN_FRAMES = 608;
/** A device or a machine that needs more than this stutters anyway; more would be heard as delay. */
export const MAX_FRAMES = 5760;
/** An underrun adds one block; several within this time are one hiccup. */
const GROW_FRAMES = BLOCK_FRAMES;
const HICCUP_FRAMES = 48_000 / 4;
/** Each interval gives back half of what was never needed in it, at most one block. */
const SHRINK_INTERVAL_FRAMES = 48_000 * 2;
/** How far the queue shall stay from empty. */
const SPARE_FRAMES = 384;
/** After an underrun the last sample fades by this factor a frame, so that nothing clicks. */
const FADE = 0.98;

/**
 * The little queue between the engine worker and the sound card: asks for blocks so that `target` frames
 * are ahead, grows when it ran dry and shrinks slowly.
 */
export class PlayoutQueue {
  underruns = 0;
  private target = START_FRAMES;
  private blocks: PlayoutBlock[] = [];
  private offset = 0;
  private queued = 0;
  private requested = 0;
  private started = false;
  private lowest = Infinity;
  private sinceShrink = 0;
  private sinceGrowth = Infinity;
  private last: [number, number] = [0, 0];

  constructor(private readonly request: (request: PlayoutRequest) => void) {}

  /** An answer of the engine worker. */
  push(block: PlayoutBlock): void {
    this.requested = Math.max(0, this.requested - BLOCK_FRAMES);
    this.blocks.push(block);
    this.queued += BLOCK_FRAMES;
  }

  /** Answers to requests of an earlier connection will not come. */
  reset(): void {
    this.blocks = [];
    this.offset = this.queued = this.requested = 0;
    this.started = false;
  }

  get targetFrames(): number {
    return this.target;
  }

  /** Fills one quantum, then asks for what is missing. */
  pull(output: Float32Array[]): void {
    const frames = output[0]?.length ?? 0;
    if (!this.started && this.queued >= this.target - BLOCK_FRAMES && this.queued > 0)
      this.started = true;
    this.sinceGrowth += frames;
    if (this.started) this.play(output, frames);
    this.ask();
  }

  private play(output: Float32Array[], frames: number): void {
    if (this.queued < frames) {
      this.underrun();
      this.fade(output, frames);
      return;
    }
    for (let i = 0; i < frames; i++) {
      const { samples, channels } = this.blocks[0] as PlayoutBlock;
      for (let channel = 0; channel < 2; channel++) {
        const value = samples[
          this.offset * channels + (channel < channels ? channel : 0)
        ] as number;
        this.last[channel as 0 | 1] = value;
        const target = output[channel];
        if (target) target[i] = value;
      }
      if (++this.offset === BLOCK_FRAMES) {
        this.blocks.shift();
        this.offset = 0;
      }
    }
    this.queued -= frames;
    this.adapt(frames);
  }

  private underrun(): void {
    this.underruns++;
    if (this.sinceGrowth > HICCUP_FRAMES) {
      this.target = Math.min(MAX_FRAMES, this.target + GROW_FRAMES);
      this.sinceGrowth = 0;
    }
    this.lowest = Infinity;
    this.sinceShrink = 0;
    this.started = false;
  }

  private adapt(frames: number): void {
    this.lowest = Math.min(this.lowest, this.queued);
    this.sinceShrink += frames;
    if (this.sinceShrink < SHRINK_INTERVAL_FRAMES) return;
    const spare = Math.min(BLOCK_FRAMES, (this.lowest - SPARE_FRAMES) / 2);
    if (spare > 0) this.target = Math.max(MIN_FRAMES, this.target - Math.ceil(spare));
    this.lowest = Infinity;
    this.sinceShrink = 0;
  }

  private ask(): void {
    const ahead = this.queued + this.requested;
    if (ahead >= this.target) return;
    const blocks = Math.ceil((this.target - ahead) / BLOCK_FRAMES);
    this.requested += blocks * BLOCK_FRAMES;
    this.request({ blocks, queuedFrames: ahead });
  }

  private fade(output: Float32Array[], frames: number): void {
    for (let i = 0; i < frames; i++) {
      for (const channel of [0, 1] as const) {
        this.last[channel] *= FADE;
        const target = output[channel];
        if (target) target[i] = this.last[channel];
      }
    }
  }
}
