import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AudioGraph } from './audio-graph';

const SECOND_MS = 1000;
let policy: (() => string) | undefined;
let graph: AudioGraph;
/** The device opened. */
let opened: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  policy = undefined;
  vi.stubGlobal('location', { href: 'https://example.org/' });
  vi.stubGlobal('AudioWorkletNode', class {});
  vi.stubGlobal(
    'AudioContext',
    class {
      state = 'suspended';
      audioWorklet = { addModule: () => Promise.resolve() };
      createGain = () => ({ connect: () => undefined, disconnect: () => undefined });
      close = () => Promise.resolve();
      resume = () =>
        new Promise<void>((resolve) => {
          opened = () => {
            this.state = 'running';
            resolve();
          };
        });
    },
  );
  vi.stubGlobal('navigator', {
    get getAutoplayPolicy() {
      return policy;
    },
  });
  graph = AudioGraph.acquire('https://example.org/sdk');
});
afterEach(() => {
  AudioGraph.release();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function resume(deviceMs: number): Promise<boolean> {
  const running = graph.resume();
  setTimeout(() => opened(), deviceMs);
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS);
  return running;
}

it('waits for a device that is slow to open where the browser lets the page play', async () => {
  policy = () => 'allowed';
  expect(await resume(2 * SECOND_MS)).toBe(true);
});

it('does not wait long where the page has no leave to play', async () => {
  policy = () => 'disallowed';
  expect(await resume(2 * SECOND_MS)).toBe(false);
});

it('takes silence for a no where the browser does not tell', async () => {
  expect(await resume(2 * SECOND_MS)).toBe(false);
});

it('gives up a device that never opens', async () => {
  policy = () => 'allowed';
  expect(await resume(60 * SECOND_MS)).toBe(false);
});
