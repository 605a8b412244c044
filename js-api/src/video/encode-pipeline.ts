import type { EncodedFrame, EncoderOrder } from '../engine/messages';
import { now } from '../util/clock';
import { TimestampSmoother } from '../util/timestamp-smoother';
import type { Encoded, WasmEncoder } from './encoder';
import { fitSize } from './fit';
import { FrameRateLimiter } from './frame-rate';
import type { EncoderConfig, EncoderStats } from './messages';
import { FrameTransform } from './transform';

/** A still picture is repeated this often, for those who come later and for lost packets. */
const STILL_INTERVAL_MS = 500;

/** Some frames of the slowest rate. */
const CLOCK_WINDOW_MS = 1000;

/** Pictures in, encoded frames out to the engine worker's port; one at a time, the newest wins. */
export class EncodePipeline {
  private readonly clock = new TimestampSmoother(CLOCK_WINDOW_MS);
  private readonly limiter: FrameRateLimiter;
  private readonly transform = new FrameTransform();
  private port: MessagePort | undefined;
  private still: ImageBitmap | null = null;
  private lastStillMs = -Infinity;
  private muted = false;
  private congested = false;
  private keyframeWanted = true;
  private busy = false;
  private counters = { width: 0, height: 0, read: 0, frames: 0, skipped: 0, bytes: 0 };

  constructor(
    private readonly encoder: WasmEncoder,
    private config: EncoderConfig,
    private readonly onError: (message: string) => void,
  ) {
    this.limiter = new FrameRateLimiter(config.frameRate);
  }

  configure(config: EncoderConfig): void {
    this.config = config;
    this.limiter.setRate(config.frameRate);
  }

  connect(port: MessagePort): void {
    this.disconnect();
    this.port = port;
    this.keyframeWanted = true;
    port.onmessage = ({ data }: MessageEvent<EncoderOrder>) => {
      if (data.order === 'keyframe') this.keyframeWanted = true;
      else this.congested = data.congested;
    };
  }

  disconnect(): void {
    this.port?.close();
    this.port = undefined;
    this.congested = false;
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    if (!muted) this.keyframeWanted = true;
  }

  setStill(still: ImageBitmap | null): void {
    this.still?.close();
    this.still = still;
    this.lastStillMs = -Infinity;
    this.keyframeWanted = true;
  }

  stats(): EncoderStats {
    return { timeMs: now(), ...this.counters };
  }

  /** Takes the frame over. */
  async frame(frame: VideoFrame): Promise<void> {
    this.counters.read++;
    const mediaMs = frame.timestamp / 1000;
    const captureMs = this.clock.map(mediaMs, now());
    if (!this.wanted(mediaMs)) {
      frame.close();
      return;
    }
    await this.run(captureMs, async (key) => {
      const picture = this.prepare(frame);
      try {
        this.prepareEncoder(picture.displayWidth, picture.displayHeight);
        return await this.encoder.encodeFrame(picture, captureMs * 1000, key);
      } finally {
        picture.close();
      }
    });
  }

  /** RGBA of a browser without VideoFrame. */
  async pixels(data: ArrayBuffer, width: number, height: number, captureMs: number): Promise<void> {
    this.counters.read++;
    if (!this.wanted(captureMs)) return;
    await this.run(captureMs, async (key) => {
      this.prepareEncoder(width, height);
      const bytes = new Uint8Array(data);
      return this.encoder.encodePixels(bytes, width, height, captureMs * 1000, key);
    });
  }

  /** Skipping happens before encoding: the encoder's references stay whole and no key frame is needed. */
  private wanted(mediaMs: number): boolean {
    if (!this.port || this.muted || this.busy) return false;
    if (this.still && now() - this.lastStillMs < STILL_INTERVAL_MS) return false;
    if (!this.limiter.admit(mediaMs)) return false;
    if (this.congested) {
      this.counters.skipped++;
      return false;
    }
    return true;
  }

  private prepare(frame: VideoFrame): VideoFrame {
    if (this.still) {
      const { timestamp } = frame;
      frame.close();
      this.lastStillMs = now();
      return new VideoFrame(this.still, { timestamp });
    }
    const { mirror, rotation } = this.config;
    return mirror || rotation !== 0 ? this.transform.apply(frame, mirror, rotation) : frame;
  }

  private prepareEncoder(width: number, height: number): void {
    const size = fitSize(width, height, this.config);
    if (size.width !== this.counters.width || size.height !== this.counters.height) {
      Object.assign(this.counters, size);
    }
    this.encoder.configure(size.width, size.height, this.config.frameRate, this.config.bitrateBps);
  }

  private async run(
    captureMs: number,
    encode: (key: boolean) => Promise<Encoded | null>,
  ): Promise<void> {
    this.busy = true;
    const key = this.keyframeWanted;
    this.keyframeWanted = false;
    try {
      const encoded = await encode(key);
      if (encoded) this.deliver(encoded, captureMs);
      else if (key) this.keyframeWanted = true;
    } catch (error) {
      this.onError(error instanceof Error ? error.message : String(error));
      this.keyframeWanted = true;
    } finally {
      this.busy = false;
    }
  }

  private deliver({ data, keyframe }: Encoded, captureMs: number): void {
    this.counters.frames++;
    this.counters.bytes += data.byteLength;
    const message: EncodedFrame = { data, keyframe, captureMs };
    this.port?.postMessage(message, [data]);
  }
}
