import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EncodedFrame, EncoderOrder } from '../engine/messages';
import type { Encoded, WasmEncoder } from './encoder';
import { EncodePipeline } from './encode-pipeline';
import type { EncoderConfig } from './messages';

const time = vi.hoisted(() => ({ ms: 0 }));
vi.mock('../util/clock', () => ({ now: () => time.ms }));

const config: EncoderConfig = {
  width: 640,
  height: 480,
  frameRate: 30,
  bitrateBps: 900_000,
  mirror: false,
  rotation: 0,
};

class FakePort {
  posted: EncodedFrame[] = [];
  onmessage: ((event: { data: EncoderOrder }) => void) | null = null;
  close = vi.fn();
  postMessage(frame: EncodedFrame): void {
    this.posted.push(frame);
  }
}

let port: FakePort;
let errors: string[];
let sizes: string[];
let bitrates: number[];
let outcome: () => Encoded | null;
let layers: number[];
let keys: boolean[];
let pipeline: EncodePipeline;
beforeEach(() => {
  time.ms = 0;
  port = new FakePort();
  errors = [];
  sizes = [];
  bitrates = [];
  keys = [];
  layers = [];
  outcome = () => ({
    data: new ArrayBuffer(10),
    keyframe: keys.at(-1) ?? false,
    temporalId: layers.at(-1) === 2 ? keys.length % 2 : -1,
  });
  const encoder = {
    configure: (
      width: number,
      height: number,
      _fps: number,
      bitrateBps: number,
      temporalLayers: number,
    ) => {
      layers.push(temporalLayers);
      sizes.push(`${width}x${height}`);
      bitrates.push(bitrateBps);
    },
    encodeFrame: (_frame: VideoFrame, _us: number, key: boolean) => {
      keys.push(key);
      return Promise.resolve().then(() => outcome());
    },
  } as unknown as WasmEncoder;
  pipeline = new EncodePipeline(
    () => encoder,
    config,
    (message) => errors.push(message),
  );
  pipeline.connect(port as unknown as MessagePort);
});

/** One frame of a camera of 30 fps; gives whether the frame was closed, as it must be. */
async function frame(width = 1280, height = 720): Promise<boolean> {
  time.ms += 1000 / 30;
  const close = vi.fn();
  const picture = { timestamp: time.ms * 1000, displayWidth: width, displayHeight: height, close };
  await pipeline.frame(picture as unknown as VideoFrame);
  return close.mock.calls.length === 1;
}
const order = (data: EncoderOrder) => port.onmessage?.({ data });

it('begins with a key frame, scaled into the profile', async () => {
  expect(await frame()).toBe(true);
  expect(await frame()).toBe(true);
  expect(sizes[0]).toBe('640x360');
  expect(port.posted.map(({ keyframe }) => keyframe)).toEqual([true, false]);
});

it('makes a key frame when ordered to', async () => {
  await frame();
  order({ order: 'keyframe', encoding: 0 });
  await frame();
  await frame();
  expect(keys).toEqual([true, false, false].map((key, i) => key || i === 1));
});

it('keeps the order when the encoder dropped that very frame', async () => {
  outcome = () => null;
  await frame();
  outcome = () => ({ data: new ArrayBuffer(1), keyframe: true, temporalId: -1 });
  await frame();
  expect(keys).toEqual([true, true]);
});

it('skips frames unencoded while the upload is congested, and needs no key frame after it', async () => {
  await frame();
  order({ order: 'congested', congested: true });
  expect(await frame()).toBe(true);
  order({ order: 'congested', congested: false });
  await frame();
  expect(keys).toEqual([true, false]);
  expect(pipeline.stats()).toMatchObject({ frames: 2, skipped: 1 });
});

it('makes temporal layers where there are two sizes, and tells them', async () => {
  await frame();
  pipeline.configure({ ...config, small: { ...config, width: 160, bitrateBps: 100_000 } });
  await frame();
  pipeline.configure(config);
  await frame();
  expect(layers).toEqual([1, 2, 2, 1]);
  expect(port.posted.map(({ temporalId }) => temporalId)).toEqual([-1, 0, 1, -1]);
});

it('spends no more than it is ordered to, nor more than was configured', async () => {
  pipeline.configure({ ...config, small: { ...config, width: 160, bitrateBps: 100_000 } });
  await frame();
  order({ order: 'bitrate', encoding: 0, bitrateBps: 400_000 });
  order({ order: 'bitrate', encoding: 1, bitrateBps: 150_000 });
  await frame();
  order({ order: 'bitrate', encoding: 0, bitrateBps: Infinity });
  await frame();
  expect(bitrates).toEqual([900_000, 100_000, 400_000, 100_000, 900_000, 100_000]);
  expect(keys).toEqual([true, true, false, false, false, false]);
});

it('has no limit of a publication that ended', async () => {
  order({ order: 'bitrate', encoding: 0, bitrateBps: 400_000 });
  pipeline.disconnect();
  pipeline.connect(port as unknown as MessagePort);
  await frame();
  expect(bitrates).toEqual([900_000]);
});

it('encodes nothing while muted, and a key frame after it', async () => {
  await frame();
  pipeline.setMuted(true);
  expect(await frame()).toBe(true);
  pipeline.setMuted(false);
  await frame();
  expect(keys).toEqual([true, true]);
});

it('encodes nothing while nobody takes it', async () => {
  pipeline.disconnect();
  expect(await frame()).toBe(true);
  expect(keys).toEqual([]);
  expect(port.close).toHaveBeenCalled();
});

it('drops what comes while a frame is being encoded', async () => {
  const [first, second] = await Promise.all([frame(), frame()]);
  expect([first, second]).toEqual([true, true]);
  expect(keys).toHaveLength(1);
});

it('goes on after a failure, with a key frame', async () => {
  await frame();
  outcome = () => {
    throw new Error('no memory');
  };
  expect(await frame()).toBe(true);
  expect(errors).toEqual(['no memory']);
  outcome = () => ({ data: new ArrayBuffer(1), keyframe: true, temporalId: -1 });
  await frame();
  expect(keys).toEqual([true, false, true]);
});

describe('in two sizes', () => {
  const small = { width: 160, height: 120, frameRate: 15, bitrateBps: 100_000 };
  beforeEach(() => pipeline.configure({ ...config, small }));
  const sent = (encoding: number) => port.posted.filter((each) => each.encoding === encoding);

  it('every picture is big, and those that the small rate takes are small, too', async () => {
    for (let i = 0; i < 30; i++) await frame();
    expect(sent(0)).toHaveLength(30);
    expect(sent(1)).toHaveLength(15);
    expect(new Set(sizes)).toEqual(new Set(['640x360', '160x90']));
    expect(sent(1)[0]?.captureMs).toBe(sent(0)[0]?.captureMs);
    expect(pipeline.stats().small).toMatchObject({ width: 160, height: 90, frames: 15 });
  });

  it('each begins with a key frame, and makes one when it is ordered to', async () => {
    for (let i = 0; i < 6; i++) await frame();
    order({ order: 'keyframe', encoding: 1 });
    for (let i = 0; i < 4; i++) await frame();
    const keyframes = (encoding: number) => sent(encoding).filter(({ keyframe }) => keyframe);
    expect([keyframes(0).length, keyframes(1).length]).toEqual([1, 2]);
  });

  it('the second may end, and come back with a key frame', async () => {
    await frame();
    pipeline.configure(config);
    for (let i = 0; i < 5; i++) await frame();
    expect(sent(1)).toHaveLength(1);
    expect(pipeline.stats().small).toBeUndefined();
    pipeline.configure({ ...config, small });
    for (let i = 0; i < 5; i++) await frame();
    expect(sent(1)[1]?.keyframe).toBe(true);
  });
});
