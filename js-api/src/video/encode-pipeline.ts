import type { EncodedFrame, EncoderOrder } from '../engine/messages';
import { now } from '../util/clock';
import { TimestampSmoother } from '../util/timestamp-smoother';
import type { Encoded, WasmEncoder } from './encoder';
import { Encoding } from './encoding';
import type { EncoderConfig, EncoderStats } from './messages';
import { FrameTransform } from './transform';

/** A still picture is repeated this often, for those who come later and for lost packets. */
const STILL_INTERVAL_MS = 500;

/** Some frames of the slowest rate. */
const CLOCK_WINDOW_MS = 1000;

/** Pictures in, encoded frames out to the engine worker's port; one at a time, the newest wins. */
export class EncodePipeline {
  private readonly clock = new TimestampSmoother(CLOCK_WINDOW_MS);
  private readonly big: Encoding;
  private small: Encoding | undefined;
  private secondEncoder: WasmEncoder | undefined;
  private readonly transform = new FrameTransform();
  private port: MessagePort | undefined;
  private still: ImageBitmap | null = null;
  private lastStillMs = -Infinity;
  private muted = false;
  private congested = false;
  private busy = false;
  private read = 0;
  private skipped = 0;

  constructor(
    private readonly createEncoder: () => WasmEncoder,
    private config: EncoderConfig,
    private readonly onError: (message: string) => void,
  ) {
    this.big = new Encoding(0, createEncoder(), config);
    this.configure(config);
  }

  configure(config: EncoderConfig): void {
    this.config = config;
    const { small } = config;
    if (!small) this.small = undefined;
    else if (this.small) this.small.configure(small);
    else this.small = new Encoding(1, this.smallEncoder(), small);
    this.big.configure(config);
    for (const encoding of this.encodings) encoding.temporalLayers = small ? 2 : 1;
  }

  connect(port: MessagePort): void {
    this.disconnect();
    this.port = port;
    this.wantKeyframes();
    port.onmessage = ({ data }: MessageEvent<EncoderOrder>) => this.obey(data);
  }

  disconnect(): void {
    this.port?.close();
    this.port = undefined;
    this.congested = false;
    for (const encoding of this.encodings) encoding.limitBps = Infinity;
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    if (!muted) this.wantKeyframes();
  }

  setStill(still: ImageBitmap | null): void {
    this.still?.close();
    this.still = still;
    this.lastStillMs = -Infinity;
    this.wantKeyframes();
  }

  stats(): EncoderStats {
    const { big, small, read, skipped } = this;
    return { timeMs: now(), ...big.stats, read, skipped, ...(small && { small: small.stats }) };
  }

  /** Takes the frame over. */
  async frame(frame: VideoFrame): Promise<void> {
    this.read++;
    const mediaMs = frame.timestamp / 1000;
    const captureMs = this.clock.map(mediaMs, now());
    if (!this.wanted(mediaMs)) {
      frame.close();
      return;
    }
    let picture: VideoFrame;
    try {
      picture = this.prepare(frame);
    } catch (error) {
      this.report(error);
      return;
    }
    try {
      const { displayWidth: width, displayHeight: height } = picture;
      await this.run(mediaMs, captureMs, width, height, (encoder, key) =>
        encoder.encodeFrame(picture, captureMs * 1000, key),
      );
    } finally {
      picture.close();
    }
  }

  /** RGBA of a browser without VideoFrame. */
  async pixels(data: ArrayBuffer, width: number, height: number, captureMs: number): Promise<void> {
    this.read++;
    if (!this.wanted(captureMs)) return;
    const bytes = new Uint8Array(data);
    await this.run(captureMs, captureMs, width, height, async (encoder, key) =>
      encoder.encodePixels(bytes, width, height, captureMs * 1000, key),
    );
  }

  /** Skipping happens before encoding: the encoder's references stay whole and no key frame is needed. */
  private wanted(mediaMs: number): boolean {
    if (!this.port || this.muted || this.busy) return false;
    if (this.still && now() - this.lastStillMs < STILL_INTERVAL_MS) return false;
    if (!this.big.admit(mediaMs)) return false;
    if (this.congested) {
      this.skipped++;
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

  private async run(
    mediaMs: number,
    captureMs: number,
    width: number,
    height: number,
    encode: (encoder: WasmEncoder, key: boolean) => Promise<Encoded | null>,
  ): Promise<void> {
    this.busy = true;
    try {
      for (const encoding of this.encodings) {
        if (encoding !== this.big && !encoding.admit(mediaMs)) continue;
        const encoded = await encoding.run(width, height, encode);
        if (encoded) this.deliver(encoding.index, encoded, captureMs);
      }
    } catch (error) {
      this.report(error);
    } finally {
      this.busy = false;
    }
  }

  private report(error: unknown): void {
    this.onError(error instanceof Error ? error.message : String(error));
  }

  private deliver(encoding: number, encoded: Encoded, captureMs: number): void {
    const message: EncodedFrame = { encoding, ...encoded, captureMs };
    this.port?.postMessage(message, [encoded.data]);
  }

  private obey(order: EncoderOrder): void {
    if (order.order === 'congested') {
      this.congested = order.congested;
      return;
    }
    const encoding = this.encodings.find(({ index }) => index === order.encoding);
    if (!encoding) return;
    if (order.order === 'keyframe') encoding.keyframeWanted = true;
    else encoding.limitBps = order.bitrateBps;
  }

  private get encodings(): Encoding[] {
    return this.small ? [this.big, this.small] : [this.big];
  }

  private wantKeyframes(): void {
    for (const encoding of this.encodings) encoding.keyframeWanted = true;
  }

  /** Made once: a module's encoders stay until the module goes. */
  private smallEncoder(): WasmEncoder {
    this.secondEncoder ??= this.createEncoder();
    return this.secondEncoder;
  }
}
