import { readCString } from '../util/wasm-loader';
import { PIXEL_FORMATS, type VideoExports } from './video-exports';

/** Let the module choose speed against quality for a real-time call. */
const CPU_USED_AUTOMATIC = -1;

export interface Encoded {
  data: ArrayBuffer;
  keyframe: boolean;
  /** 0 is the base; −1 where there are no layers. */
  temporalId: number;
}

/** One encoder of a video module. Pixels are copied straight into the module's memory. */
export class WasmEncoder {
  private handle = 0;
  private key = '';

  constructor(private readonly wasm: VideoExports) {}

  /** Creates the encoder or changes it; cheap when nothing changed. */
  configure(
    width: number,
    height: number,
    fps: number,
    bitrateBps: number,
    temporalLayers: number,
  ): void {
    const key = [width, height, fps, bitrateBps, temporalLayers].join();
    if (key === this.key) return;
    const { wasm, handle } = this;
    const common = [width, height, fps, bitrateBps] as const;
    if (handle === 0) {
      this.handle = wasm.ferry_encoder_create(...common, CPU_USED_AUTOMATIC, temporalLayers);
      if (this.handle === 0) throw this.error('create');
    } else if (wasm.ferry_encoder_configure(handle, ...common, temporalLayers) < 0) {
      throw this.error('configure');
    }
    this.key = key;
  }

  /** null: the rate control dropped the frame. */
  async encodeFrame(frame: VideoFrame, timestampUs: number, forceKey: boolean) {
    const rect = frame.visibleRect;
    const width = rect?.width ?? frame.codedWidth;
    const height = rect?.height ?? frame.codedHeight;
    // A frame that lives in the GPU has no format of its own: ask for RGBA.
    const native = frame.format !== null && frame.format in PIXEL_FORMATS;
    const options = native ? {} : ({ format: 'RGBA' } as VideoFrameCopyToOptions);
    const format = PIXEL_FORMATS[native ? (frame.format as string) : 'RGBA'] as number;
    const size = frame.allocationSize(options);
    const input = this.wasm.ferry_encoder_input(this.handle, size);
    if (input === 0) throw this.error('input');
    const view = new Uint8Array(this.wasm.memory.buffer as ArrayBuffer, input, size);
    const planes = await frame.copyTo(view, options);
    const pointer = this.wasm.ferry_encoder_layout_buffer(this.handle);
    const layout = new Uint32Array(this.wasm.memory.buffer, pointer, 8);
    planes.slice(0, 4).forEach(({ offset, stride }, i) => layout.set([offset, stride], i * 2));
    return this.encode(format, width, height, pointer, timestampUs, forceKey);
  }

  /** Tightly packed RGBA. */
  encodePixels(
    pixels: Uint8Array,
    width: number,
    height: number,
    timestampUs: number,
    forceKey: boolean,
  ): Encoded | null {
    const input = this.wasm.ferry_encoder_input(this.handle, pixels.byteLength);
    if (input === 0) throw this.error('input');
    new Uint8Array(this.wasm.memory.buffer, input, pixels.byteLength).set(pixels);
    const format = PIXEL_FORMATS.RGBA as number;
    return this.encode(format, width, height, 0, timestampUs, forceKey);
  }

  destroy(): void {
    if (this.handle !== 0) this.wasm.ferry_encoder_destroy(this.handle);
    this.handle = 0;
    this.key = '';
  }

  private encode(
    format: number,
    width: number,
    height: number,
    layout: number,
    timestampUs: number,
    forceKey: boolean,
  ): Encoded | null {
    const { wasm, handle } = this;
    const key = forceKey ? 1 : 0;
    const size = wasm.ferry_encoder_encode(handle, format, width, height, layout, timestampUs, key);
    if (size < 0) throw this.error('encode');
    if (size === 0) return null;
    const start = wasm.ferry_encoder_output(handle);
    const data = (wasm.memory.buffer as ArrayBuffer).slice(start, start + size);
    return {
      data,
      keyframe: wasm.ferry_encoder_is_keyframe(handle) !== 0,
      temporalId: wasm.ferry_encoder_temporal_id(handle),
    };
  }

  private error(what: string): Error {
    const why = readCString(this.wasm.memory, this.wasm.ferry_last_error());
    return new Error(`video encoder: ${what}: ${why}`);
  }
}
