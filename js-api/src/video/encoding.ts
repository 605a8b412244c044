import type { Encoded, WasmEncoder } from './encoder';
import { fitSize } from './fit';
import { FrameRateLimiter } from './frame-rate';
import type { EncodingConfig, EncodingStats } from './messages';

/** One of the sizes that a local video is sent in. */
export class Encoding {
  keyframeWanted = true;
  /** What the network carries; Infinity: more than is configured. */
  limitBps = Infinity;
  /** With two, whoever has little room may get half the pictures: a step between this size and the next. */
  temporalLayers = 1;
  readonly stats: EncodingStats = { width: 0, height: 0, frames: 0, bytes: 0 };
  private readonly limiter: FrameRateLimiter;

  constructor(
    /** 0 is the big one. */
    readonly index: number,
    readonly encoder: WasmEncoder,
    private config: EncodingConfig,
  ) {
    this.limiter = new FrameRateLimiter(config.frameRate);
  }

  configure(config: EncodingConfig): void {
    this.config = config;
    this.limiter.setRate(config.frameRate);
  }

  /** Whether a frame of this time is needed for the frame rate. */
  admit(mediaMs: number): boolean {
    return this.limiter.admit(mediaMs);
  }

  /** Encodes a picture of this size; null where the rate control dropped it. */
  async run(
    width: number,
    height: number,
    encode: (encoder: WasmEncoder, key: boolean) => Promise<Encoded | null>,
  ): Promise<Encoded | null> {
    const key = this.keyframeWanted;
    this.keyframeWanted = false;
    let encoded: Encoded | null;
    try {
      const { frameRate } = this.config;
      const bitrateBps = Math.min(this.config.bitrateBps, this.limitBps);
      const size = fitSize(width, height, this.config);
      Object.assign(this.stats, size);
      this.encoder.configure(size.width, size.height, frameRate, bitrateBps, this.temporalLayers);
      encoded = await encode(this.encoder, key);
    } catch (error) {
      this.keyframeWanted = true;
      throw error;
    }
    if (!encoded) {
      this.keyframeWanted ||= key;
      return null;
    }
    this.stats.frames++;
    this.stats.bytes += encoded.data.byteLength;
    return encoded;
  }
}
