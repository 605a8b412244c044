import type { CapturedBlock } from '../engine/messages';
import { TimestampSmoother } from '../util/timestamp-smoother';

/** 10 ms at 48 kHz. */
export const BLOCK_FRAMES = 480;
const FRAMES_PER_MS = 48;
/** Some render bursts long; a device that stalled lost samples, and its clock is late from then on. */
const CLOCK_WINDOW_MS = 250;

/** Collects the graph's 128-frame quanta into blocks of 10 ms with the time of their first sample. */
export class CaptureQueue {
  private readonly clock = new TimestampSmoother(CLOCK_WINDOW_MS);
  private block: Float32Array;
  private filled = 0;

  constructor(
    private readonly channels: number,
    private readonly emit: (block: CapturedBlock) => void,
  ) {
    this.block = new Float32Array(BLOCK_FRAMES * channels);
  }

  /**
   * One quantum, one array per channel; fewer channels than asked repeat the first. `frame` counts the
   * context's frames, `dateMs` is the time of the call: the quantum has just been captured whole, and
   * calls come in bursts, so the least delayed one tells.
   */
  push(input: Float32Array[], frames: number, frame: number, dateMs: number): void {
    const endMs = this.clock.map((frame + frames) / FRAMES_PER_MS, dateMs);
    const startMs = endMs - frames / FRAMES_PER_MS;
    for (let i = 0; i < frames; i++) {
      for (let channel = 0; channel < this.channels; channel++) {
        const samples = input[channel] ?? input[0];
        this.block[this.filled * this.channels + channel] = samples?.[i] ?? 0;
      }
      this.filled++;
      if (this.filled === BLOCK_FRAMES) {
        const firstOfBlock = i + 1 - BLOCK_FRAMES;
        this.emit({ samples: this.block, dateMs: startMs + firstOfBlock / FRAMES_PER_MS });
        this.block = new Float32Array(BLOCK_FRAMES * this.channels);
        this.filled = 0;
      }
    }
  }
}
