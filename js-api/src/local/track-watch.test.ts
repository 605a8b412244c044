import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deferred, type Deferred } from '../util/deferred';
import { setLogLevel } from '../util/logger';
import { TrackWatch } from './track-watch';

class FakeTrack extends EventTarget {
  stopped = false;
  stop = () => (this.stopped = true);
}

let log: string[];
let opening: Deferred<MediaStreamTrack>[];
let old: FakeTrack;
let plugged: EventTarget;
let watch: TrackWatch;
beforeEach(() => {
  setLogLevel(5);
  log = [];
  opening = [];
  old = new FakeTrack();
  plugged = new EventTarget();
  vi.stubGlobal('navigator', { mediaDevices: plugged });
  watch = new TrackWatch(old as unknown as MediaStreamTrack, 'camera', {
    onMuted: (muted) => log.push(`muted ${muted}`),
    open: (which) => {
      log.push(`open ${which}`);
      const device = deferred<MediaStreamTrack>();
      opening.push(device);
      return device.promise;
    },
    use: () => {
      log.push('use');
      watch.stop();
      return Promise.resolve();
    },
    onFailed: ({ extraCode }) => log.push(`failed ${extraCode}`),
  });
});
afterEach(() => vi.unstubAllGlobals());

const turns = () => new Promise((resolve) => setTimeout(resolve));
const end = async () => {
  old.dispatchEvent(new Event('ended'));
  await turns();
};
const plug = async () => {
  plugged.dispatchEvent(new Event('devicechange'));
  await turns();
};
const opens = async () => {
  const track = new FakeTrack();
  opening.shift()?.resolve(track as unknown as MediaStreamTrack);
  await turns();
  return track;
};
const fails = async () => {
  opening.shift()?.reject(new DOMException('gone', 'NotFoundError'));
  await turns();
};

describe('a device that is gone', () => {
  it('is replaced by any other', async () => {
    await end();
    const track = await opens();
    expect(log).toEqual(['open any', 'use']);
    expect(track.stopped).toBe(false);
  });

  it('is told as lost, once, when there is no other', async () => {
    await end();
    await fails();
    void watch.recover('same');
    await turns();
    await fails();
    expect(log).toEqual(['open any', 'failed 5308', 'open same']);
  });

  it('is replaced when one is plugged in, however often that takes', async () => {
    await end();
    await fails();
    await plug();
    await fails();
    await plug();
    await opens();
    await plug();
    expect(log).toEqual(['open any', 'failed 5308', 'open any', 'open any', 'use']);
  });

  it('is opened once though several changes of the devices come together', async () => {
    await end();
    await fails();
    await plug();
    await plug();
    expect(opening).toHaveLength(1);
    await opens();
    expect(log.filter((line) => line === 'use')).toHaveLength(1);
    expect(opening).toHaveLength(0);
  });
});

describe('stopped', () => {
  it('closes a device that opens afterwards', async () => {
    await end();
    watch.stop();
    const track = await opens();
    expect(track.stopped).toBe(true);
    expect(log).toEqual(['open any']);
  });

  it('tells no failure and waits for nothing', async () => {
    await end();
    watch.stop();
    await fails();
    await plug();
    expect(log).toEqual(['open any']);
  });
});
