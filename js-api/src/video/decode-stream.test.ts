import { beforeEach, expect, it, vi } from 'vitest';
import { DecodeStream, HOPELESS_FAILURES } from './decode-stream';
import type { DecodeEvent } from './messages';
import type { VideoExports } from './video-exports';

/** A decoder whose input's first byte says what comes of it: 1 a picture, 0 none, 255 damage. */
function fakeModule(): VideoExports {
  const memory = new WebAssembly.Memory({ initial: 1 });
  return {
    memory,
    ferry_last_error: () => 60_000,
    ferry_decoder_create: () => 1,
    ferry_decoder_destroy: () => undefined,
    ferry_decoder_input: () => 16,
    ferry_decoder_decode: () => new Int8Array(memory.buffer)[16] as number,
    ferry_decoder_width: () => 4,
    ferry_decoder_height: () => 2,
    ferry_decoder_plane: (_decoder: number, plane: number) => 1024 + plane * 64,
    ferry_decoder_stride: () => 32,
  } as unknown as VideoExports;
}

const PICTURE = 1;
const NOTHING = 0;
const DAMAGE = 255;

let written: unknown[];
let events: DecodeEvent[];
let ask: ReturnType<typeof vi.fn<() => void>>;
let stream: DecodeStream;
beforeEach(() => {
  written = [];
  events = [];
  ask = vi.fn<() => void>();
  const output = {
    write: (...args: unknown[]) => void written.push(args),
    close: () => undefined,
  };
  stream = new DecodeStream('far', fakeModule(), output, (event) => events.push(event), ask);
});
const decode = (what: number, keyframe = false) =>
  stream.decode({ data: new Uint8Array([what]).buffer, keyframe, captureMs: 7 });

it('asks for a key frame until one comes', () => {
  decode(PICTURE);
  decode(PICTURE);
  expect(ask).toHaveBeenCalledTimes(2);
  decode(PICTURE, true);
  decode(PICTURE);
  expect(ask).toHaveBeenCalledTimes(2);
  expect(written).toHaveLength(2);
});

it('hands out the planes where they are, and the capture time', () => {
  decode(PICTURE, true);
  expect(written[0]).toEqual([
    expect.objectContaining({
      width: 4,
      height: 2,
      planes: [
        { offset: 0, stride: 32 },
        { offset: 64, stride: 32 },
        { offset: 128, stride: 32 },
      ],
    }),
    7000,
  ]);
});

it('tells the size once, and counts pictures only', () => {
  decode(PICTURE, true);
  decode(NOTHING);
  decode(PICTURE);
  expect(events).toEqual([{ event: 'size', decodingId: 'far', width: 4, height: 2 }]);
  expect(stream.stats()).toMatchObject({ frames: 2, errors: 0 });
});

it('heals with the next key frame after damage, silently', () => {
  decode(PICTURE, true);
  decode(DAMAGE);
  decode(PICTURE);
  expect(ask).toHaveBeenCalledTimes(2);
  decode(PICTURE, true);
  expect(written).toHaveLength(2);
  expect(events.some(({ event }) => event === 'error')).toBe(false);
});

it('says so, once, when nothing heals', () => {
  for (let i = 0; i < HOPELESS_FAILURES * 3; i++) decode(DAMAGE, true);
  expect(events.filter(({ event }) => event === 'error')).toHaveLength(1);
});
