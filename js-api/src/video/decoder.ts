import { readCString } from '../util/wasm-loader';
import type { VideoExports } from './video-exports';

/** Largest encoded frame that is taken, as the engine's own limit. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;

export interface Picture {
  width: number;
  height: number;
  /** Start of the planes in the module's memory, valid until the next call. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Y, U, V, offsets from the start of `bytes`. */
  planes: { offset: number; stride: number }[];
}

/** One decoder of a video module. */
export class WasmDecoder {
  private handle: number;

  constructor(private readonly wasm: VideoExports) {
    this.handle = wasm.ferry_decoder_create();
    if (this.handle === 0) throw this.error('create');
  }

  /** null: no picture came of it. Throws when the frame cannot be decoded. */
  decode(data: ArrayBuffer): Picture | null {
    const { wasm, handle } = this;
    if (data.byteLength > MAX_FRAME_BYTES) throw new Error('video decoder: the frame is too large');
    const input = wasm.ferry_decoder_input(handle, data.byteLength);
    if (input === 0) throw this.error('input');
    new Uint8Array(wasm.memory.buffer, input, data.byteLength).set(new Uint8Array(data));
    const result = wasm.ferry_decoder_decode(handle, data.byteLength);
    if (result < 0) throw this.error('decode');
    return result === 0 ? null : this.picture();
  }

  destroy(): void {
    if (this.handle !== 0) this.wasm.ferry_decoder_destroy(this.handle);
    this.handle = 0;
  }

  private picture(): Picture {
    const { wasm, handle } = this;
    const width = wasm.ferry_decoder_width(handle);
    const height = wasm.ferry_decoder_height(handle);
    const planes = [0, 1, 2].map((i) => ({
      offset: wasm.ferry_decoder_plane(handle, i),
      stride: wasm.ferry_decoder_stride(handle, i),
    }));
    const start = Math.min(...planes.map(({ offset }) => offset));
    const ends = planes.map(
      ({ offset, stride }, i) => offset + stride * (i === 0 ? height : (height + 1) >> 1),
    );
    return {
      width,
      height,
      bytes: new Uint8Array(
        wasm.memory.buffer as ArrayBuffer,
        start,
        Math.min(Math.max(...ends), wasm.memory.buffer.byteLength) - start,
      ),
      planes: planes.map(({ offset, stride }) => ({ offset: offset - start, stride })),
    };
  }

  private error(what: string): Error {
    const why = readCString(this.wasm.memory, this.wasm.ferry_last_error());
    return new Error(`video decoder: ${what}: ${why}`);
  }
}
