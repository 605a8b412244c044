import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { AutoplayGuard } from '../audio/autoplay-guard';
import { EVENT } from '../constants/event';
import { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { deferred, type Deferred } from '../util/deferred';
import { setLogLevel } from '../util/logger';
import { LocalAudio } from './local-audio';

class FakeTrack extends EventTarget {
  stopped = false;
  enabled = true;
  stop = () => (this.stopped = true);
  getSettings = () => ({});
}

const fakes = vi.hoisted(() => ({
  opening: [] as unknown[],
  options: [] as unknown[],
  graphReady: Promise.resolve() as Promise<void>,
  used: [] as unknown[],
}));
vi.mock('../devices/capture', async () => {
  const { deferred } = await import('../util/deferred');
  return {
    openMicrophone: (option: object) => {
      const device = deferred<MediaStreamTrack>();
      fakes.options.push({ ...option });
      fakes.opening.push(device);
      return device.promise;
    },
  };
});
vi.mock('../audio/audio-graph', () => ({
  AudioGraph: { acquire: () => ({ ready: fakes.graphReady }), release: () => undefined },
}));
vi.mock('../audio/audio-capture', () => ({
  AudioCapture: class {
    setTrack = (track: unknown) => fakes.used.push(track);
    setVolume = () => undefined;
    setEarMonitor = () => undefined;
    setMuted = () => undefined;
    disconnect = () => undefined;
    close = () => undefined;
  },
}));

let audio: LocalAudio;
let errors: unknown[];
beforeEach(() => {
  setLogLevel(5);
  vi.stubGlobal('navigator', { mediaDevices: new EventTarget() });
  Object.assign(fakes, { opening: [], options: [], used: [], graphReady: Promise.resolve() });
  const context = new ClientContext({});
  errors = [];
  context.emitter.on(EVENT.ERROR, ({ extraCode }) => errors.push(extraCode));
  const autoplay = { watch: () => Promise.resolve(), forget: () => undefined };
  audio = new LocalAudio(context, { joined: false } as Room, autoplay as unknown as AutoplayGuard);
});
afterEach(() => vi.unstubAllGlobals());

const turns = () => new Promise((resolve) => setTimeout(resolve));
const opens = async () => {
  const track = new FakeTrack();
  (fakes.opening.shift() as Deferred<MediaStreamTrack>).resolve(
    track as unknown as MediaStreamTrack,
  );
  await turns();
  return track;
};
const start = async (config = {}) => {
  const starting = audio.life.start(config);
  const track = await opens();
  await starting;
  return track;
};

it('a microphone that opens after the worklets failed is closed', async () => {
  const graph = deferred();
  fakes.graphReady = graph.promise;
  const starting = audio.life.start({});
  graph.reject(new Error('no worklets'));
  await expect(starting).rejects.toThrow('no worklets');
  expect((await opens()).stopped).toBe(true);
});

it("a track of the app's is left alone when the start fails", async () => {
  fakes.graphReady = Promise.reject(new Error('no worklets'));
  const own = new FakeTrack();
  const config = { option: { audioTrack: own as unknown as MediaStreamTrack } };
  await expect(audio.life.start(config)).rejects.toThrow('no worklets');
  await turns();
  expect(own.stopped).toBe(false);
});

it('a microphone that opens again after the stop is closed', async () => {
  const first = await start();
  first.dispatchEvent(new Event('ended'));
  await turns();
  await audio.life.stop();
  const second = await opens();
  expect(second.stopped).toBe(true);
  expect(fakes.used).toEqual([first]);
  expect(audio.getTrack(false)).toBeNull();
});

it('a microphone that was lost is replaced by any other', async () => {
  const config = { option: { microphoneId: 'usb' } };
  const first = await start(config);
  first.dispatchEvent(new Event('ended'));
  await turns();
  const second = await opens();
  expect(fakes.options).toEqual([{ microphoneId: 'usb' }, {}]);
  expect(audio.getTrack(false)).toBe(second);
  expect(config.option.microphoneId).toBe('usb');
});

it('another processing opens the microphone again', async () => {
  const first = await start();
  const update = audio.life.update({ option: { noiseSuppression: false } });
  const second = await opens();
  await update;
  expect(fakes.options[1]).toEqual({ noiseSuppression: false });
  expect([first.stopped, second.stopped]).toEqual([true, false]);
  expect(fakes.used).toEqual([first, second]);
});

it('the processing that is on already opens nothing, nor does any for a track of the app', async () => {
  await start();
  await audio.life.update({ option: { echoCancellation: true, captureVolume: 50 } });
  expect(fakes.opening).toHaveLength(0);
  const audioTrack = new FakeTrack() as unknown as MediaStreamTrack;
  await audio.life.update({ option: { audioTrack } });
  await audio.life.update({ option: { autoGainControl: false } });
  expect(fakes.opening).toHaveLength(0);
  expect(fakes.used).toHaveLength(2);
});

it('a microphone that does not open again leaves the one that runs', async () => {
  const first = await start();
  const refused = expect(
    audio.life.update({ option: { noiseSuppression: false } }),
  ).rejects.toThrow('no');
  (fakes.opening.shift() as Deferred).reject(new Error('no'));
  await refused;
  expect(first.stopped).toBe(false);
  expect(audio.getTrack(false)).toBe(first);
});
