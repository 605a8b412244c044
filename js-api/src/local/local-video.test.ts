import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EVENT } from '../constants/event';
import { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import type { Deferred } from '../util/deferred';
import { setLogLevel } from '../util/logger';
import { LocalVideo } from './local-video';
import type * as VideoEncodings from './video-encoding';

class FakeTrack extends EventTarget {
  readyState = 'live';
  muted = false;
  enabled = true;
  stop = () => (this.readyState = 'ended');
  getSettings = () => ({});
  applyConstraints = () => Promise.resolve();
}

const fakes = vi.hoisted(() => ({
  opening: [] as unknown[],
  options: [] as unknown[],
  read: [] as unknown[],
  reading: Promise.resolve() as Promise<void>,
  video: { videoWidth: 640, videoHeight: 480, onresize: undefined as (() => void) | undefined },
}));
vi.mock('../devices/capture', async () => {
  const { deferred } = await import('../util/deferred');
  return {
    openCamera: ({ cameraId }: { cameraId?: string }) => {
      const device = deferred<MediaStreamTrack>();
      fakes.options.push(cameraId);
      fakes.opening.push(device);
      return device.promise;
    },
  };
});
vi.mock('../player/player-set', () => ({
  PlayerSet: class {
    first = { video: fakes.video, firstPicture: () => Promise.resolve() };
    setViews = () => undefined;
    show = () => undefined;
    update = () => undefined;
    tell = () => undefined;
    close = () => undefined;
  },
}));
vi.mock('./video-encoding', async (original) => ({
  ...(await original<typeof VideoEncodings>()),
  VideoEncoding: class {
    read = (track: unknown) => (fakes.read.push(track), fakes.reading);
    connect = () => undefined;
    apply = () => Promise.resolve();
    stats = () => Promise.resolve({ read: 0 });
    disconnect = () => undefined;
    close = () => undefined;
  },
}));

let video: LocalVideo;
let room: { joined: boolean };
let calls: string[];
let published: object[];
let log: string[];
let sizes: string[];
beforeEach(() => {
  setLogLevel(5);
  vi.stubGlobal('navigator', { mediaDevices: new EventTarget() });
  Object.assign(fakes, { opening: [], options: [], read: [], reading: Promise.resolve() });
  Object.assign(fakes.video, { videoWidth: 640, videoHeight: 480, onresize: undefined });
  const context = new ClientContext({});
  log = [];
  sizes = [];
  context.emitter.on(EVENT.FIRST_VIDEO_FRAME, () => sizes.push('first'));
  context.emitter.on(EVENT.VIDEO_SIZE_CHANGED, ({ newWidth, newHeight }) =>
    sizes.push(`${newWidth}×${newHeight}`),
  );
  context.emitter.on(EVENT.ERROR, ({ extraCode }) => log.push(`error ${extraCode}`));
  calls = [];
  published = [];
  const call = (method: string, args: object) => {
    calls.push(method);
    if (method === 'publish') published.push(args);
    return Promise.resolve({ streamId: 's1' });
  };
  room = { joined: false, engine: { rpc: { call } } } as typeof room;
  video = new LocalVideo(context, room as unknown as Room);
});
afterEach(async () => {
  await video.life.stop();
  vi.unstubAllGlobals();
});

const turns = () => new Promise((resolve) => setTimeout(resolve));
const opens = async () => {
  const track = new FakeTrack();
  (fakes.opening.shift() as Deferred<unknown>).resolve(track);
  await turns();
  return track;
};
const fails = async () => {
  (fakes.opening.shift() as Deferred<unknown>).reject(new DOMException('no', 'NotReadableError'));
  await turns();
};
const start = async (config = {}) => {
  const starting = video.life.start(config);
  const track = await opens();
  await starting;
  return track;
};

it('a camera that was lost and finds no other is told, and replaced when one is plugged in', async () => {
  const first = await start({ option: { cameraId: 'usb' } });
  first.dispatchEvent(new Event('ended'));
  await turns();
  await fails();
  expect(log).toEqual(['error 5308']);
  navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  await turns();
  const second = await opens();
  expect(video.getTrack()).toBe(second);
  expect(fakes.read).toEqual([first, second]);
  expect(fakes.options).toEqual(['usb', undefined, undefined]);
});

it('a camera that opens again after the stop is closed', async () => {
  const first = await start();
  first.dispatchEvent(new Event('ended'));
  await turns();
  await video.life.stop();
  const second = await opens();
  expect(second.readyState).toBe('ended');
  expect(video.getTrack()).toBeNull();
});

it('a switch that fails opens the former camera again', async () => {
  const first = await start({ option: { cameraId: 'front' } });
  const update = video.life.update({ option: { cameraId: 'back' } });
  const refused = expect(update).rejects.toThrow('no');
  expect(first.readyState).toBe('ended');
  await fails();
  const again = await opens();
  await refused;
  expect(fakes.options).toEqual(['front', 'back', 'front']);
  expect(video.getTrack()).toBe(again);
  expect(fakes.read).toEqual([first, again]);
  expect(log).toEqual([]);
});

it('a switch that fails for good is told, and any camera is taken when it is plugged in', async () => {
  await start({ option: { cameraId: 'front' } });
  const refused = expect(video.life.update({ option: { cameraId: 'back' } })).rejects.toThrow('no');
  await fails();
  await fails();
  await refused;
  expect(log).toEqual(['error 5308']);
  navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
  await turns();
  const another = await opens();
  expect(video.getTrack()).toBe(another);
});

it('another size of the picture is told, as after another camera or profile', async () => {
  await start();
  expect(sizes).toEqual(['first', '640×480']);
  fakes.video.onresize?.();
  Object.assign(fakes.video, { videoWidth: 1280, videoHeight: 720 });
  fakes.video.onresize?.();
  expect(sizes).toEqual(['first', '640×480', '1280×720']);
  await video.life.stop();
  await start();
  expect(sizes.slice(3)).toEqual(['first', '1280×720']);
});

it('options that this version lacks are warned of', async () => {
  setLogLevel(3);
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  await start({ option: { small: '720p' } });
  await video.life.update({ option: { qosPreference: 'clear' } });
  expect(warn.mock.calls.map((line) => line.join(' '))).toEqual([
    expect.stringContaining("'small' is ignored"),
    expect.stringContaining("'qosPreference' is ignored"),
  ]);
  warn.mockRestore();
});

it('a start that fails takes its publication back', async () => {
  room.joined = true;
  fakes.reading = Promise.reject(new Error('no pictures'));
  const starting = expect(video.life.start({})).rejects.toThrow('no pictures');
  const track = await opens();
  await starting;
  expect(calls).toEqual(['publish', 'unpublish']);
  expect(track.readyState).toBe('ended');
});

it('publishes a second size when asked to, and anew when that changes', async () => {
  room.joined = true;
  await start({ option: { small: true } });
  expect(published[0]).toMatchObject({
    bitrateBps: 1_000_000,
    encodings: [
      { width: 640, height: 480, maxBitrateBps: 900_000 },
      { width: 160, height: 120, maxBitrateBps: 100_000 },
    ],
  });
  calls.length = 0;
  await video.life.update({ option: { mirror: true } });
  expect(calls).not.toContain('publish');
  await video.life.update({ option: { small: false } });
  expect(calls.filter((call) => call.includes('publish'))).toEqual(['unpublish', 'publish']);
  expect(published[1]).not.toHaveProperty('encodings');
});
