import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TileWatch } from './tile-watch';

let resized: () => void;
let observed: unknown[];
let told: string[];
let watch: TileWatch;
const view = (clientWidth: number, clientHeight: number) =>
  ({ clientWidth, clientHeight }) as HTMLElement & { clientWidth: number };
beforeEach(() => {
  vi.useFakeTimers();
  observed = [];
  told = [];
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(callback: () => void) {
        resized = callback;
      }
      observe = (element: unknown) => observed.push(element);
      disconnect = () => (observed.length = 0);
    },
  );
  vi.stubGlobal('devicePixelRatio', 2);
  watch = new TileWatch((width, height) => told.push(`${width}x${height}`));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('tells the largest view in pixels of the screen, in steps', () => {
  watch.watch([view(100, 80), view(320, 180)]);
  expect(told).toEqual(['640x368']);
});

it('tells another size once it is quiet, and no step twice', () => {
  const tile = view(320, 180) as { clientWidth: number; clientHeight: number } & HTMLElement;
  watch.watch([tile]);
  for (const width of [400, 500, 640]) {
    Object.assign(tile, { clientWidth: width, clientHeight: 360 });
    resized();
  }
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(300);
  expect(told).toEqual(['640x368', '1280x720']);
  Object.assign(tile, { clientWidth: 639 });
  resized();
  vi.advanceTimersByTime(300);
  expect(told).toHaveLength(2);
});

it('without a view the size is unknown', () => {
  watch.watch([view(320, 180)]);
  watch.watch([]);
  expect(told.at(-1)).toBe('0x0');
});

it('ends', () => {
  watch.watch([view(320, 180)]);
  resized();
  watch.stop();
  vi.advanceTimersByTime(1000);
  expect(told).toHaveLength(1);
  expect(observed).toEqual([]);
});
