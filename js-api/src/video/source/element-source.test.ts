import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { EncodeClient } from '../encode-client';
import { ElementSource } from './element-source';

/** A <video> that plays, and tells nobody. */
class SilentVideo {
  videoWidth = 640;
  srcObject: unknown = null;
  play = () => Promise.resolve();
}

/** One that tells of each new picture, once. */
class Video extends SilentVideo {
  private told: (() => void)[] = [];
  requestVideoFrameCallback(callback: () => void): void {
    this.told.push(callback);
  }
  picture(): void {
    for (const callback of this.told.splice(0)) callback();
  }
}

let video: Video;
let page: { visibilityState: string };
let pictures: number;
let encoder: EncodeClient;
let source: ElementSource;

beforeEach(() => {
  vi.useFakeTimers();
  video = new Video();
  page = { visibilityState: 'visible' };
  pictures = 0;
  vi.stubGlobal('document', Object.assign(page, { createElement: () => video }));
  vi.stubGlobal('MediaStream', class {});
  vi.stubGlobal('VideoFrame', class {});
  const call = (method: string, { ms }: { ms: number }) => {
    if (method === 'wait') return new Promise((resolve) => setTimeout(resolve, ms));
    pictures++;
    return Promise.resolve();
  };
  encoder = { rpc: { call } } as unknown as EncodeClient;
  source = new ElementSource('frame');
});
afterEach(() => {
  source.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const start = () => source.start({} as MediaStreamTrack, encoder);

it('reads each picture that the element tells of, and no other', async () => {
  await start();
  for (let i = 0; i < 25; i++) {
    video.picture();
    await vi.advanceTimersByTimeAsync(40);
  }
  expect(pictures).toBe(25);
});

it('goes on in a page that nobody looks at, where no pictures are told', async () => {
  await start();
  page.visibilityState = 'hidden';
  await vi.advanceTimersByTimeAsync(2000);
  expect(pictures).toBeGreaterThanOrEqual(50);
  expect(pictures).toBeLessThanOrEqual(60);

  page.visibilityState = 'visible';
  await vi.advanceTimersByTimeAsync(100);
  pictures = 0;
  video.picture();
  await vi.advanceTimersByTimeAsync(1000);
  expect(pictures).toBe(1);
});

it('looks at elements that never tell', async () => {
  Object.assign(page, { createElement: () => new SilentVideo() });
  await start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(pictures).toBeGreaterThanOrEqual(29);
});

it('hands no more to a busy encoder than it takes', async () => {
  const { rpc } = encoder;
  const call = rpc.call.bind(rpc);
  rpc.call = ((method: never, args: never) =>
    method === 'input'
      ? (pictures++, new Promise(() => undefined))
      : call(method, args)) as typeof rpc.call;
  await start();
  page.visibilityState = 'hidden';
  await vi.advanceTimersByTimeAsync(2000);
  expect(pictures).toBe(2);
});

it('ends', async () => {
  await start();
  page.visibilityState = 'hidden';
  await vi.advanceTimersByTimeAsync(100);
  source.stop();
  pictures = 0;
  await vi.advanceTimersByTimeAsync(1000);
  video.picture();
  expect(pictures).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
