import type { FrameToDecode } from '../engine/messages';
import type { DecodedOutput } from './decoded-output';
import { WasmDecoder } from './decoder';
import type { DecodeEvent, DecoderStats } from './messages';
import type { VideoExports } from './video-exports';

/** Damaged frames happen, and the next key frame heals; so many in a row do not heal any more. */
export const HOPELESS_FAILURES = 10;

/** One remote video: frames in, pictures out, from key frame to key frame. */
export class DecodeStream {
  private readonly decoder: WasmDecoder;
  private waitingForKeyframe = true;
  private failuresInRow = 0;
  private counters = { width: 0, height: 0, frames: 0, errors: 0 };

  constructor(
    private readonly decodingId: string,
    wasm: VideoExports,
    private readonly output: DecodedOutput,
    private readonly emit: (event: DecodeEvent) => void,
    private readonly askForKeyframe: () => void,
  ) {
    this.decoder = new WasmDecoder(wasm);
  }

  decode({ data, keyframe, captureMs }: FrameToDecode): void {
    if (this.waitingForKeyframe && !keyframe) {
      this.askForKeyframe();
      return;
    }
    try {
      const picture = this.decoder.decode(data);
      this.waitingForKeyframe = false;
      this.failuresInRow = 0;
      if (!picture) return;
      const { width, height } = picture;
      this.output.write(picture, captureMs * 1000);
      this.counters.frames++;
      if (width !== this.counters.width || height !== this.counters.height) {
        Object.assign(this.counters, { width, height });
        this.emit({ event: 'size', decodingId: this.decodingId, width, height });
      }
    } catch (error) {
      this.fail(error);
    }
  }

  stats(): DecoderStats {
    return this.counters;
  }

  close(): void {
    this.decoder.destroy();
    this.output.close();
  }

  private fail(error: unknown): void {
    this.waitingForKeyframe = true;
    this.counters.errors++;
    this.askForKeyframe();
    if (++this.failuresInRow !== HOPELESS_FAILURES) return;
    const message = error instanceof Error ? error.message : String(error);
    this.emit({ event: 'error', decodingId: this.decodingId, message });
  }
}
