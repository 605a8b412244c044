import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AudioGraph } from './audio-graph';

const SECOND_MS = 1000;
const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0';
let policy: (() => string) | undefined;
let userAgent: string;
let latencyAsked: number;
let graph: AudioGraph;
/** The device opened. */
let opened: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  policy = undefined;
  userAgent = CHROME;
  latencyAsked = 0;
  vi.stubGlobal('location', { href: 'https://example.org/' });
  vi.stubGlobal('AudioWorkletNode', class {});
  vi.stubGlobal(
    'AudioContext',
    class {
      state = 'suspended';
      baseLatency = 0.01;
      get outputLatency() {
        latencyAsked++;
        return 0.02;
      }
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
    get userAgent() {
      return userAgent;
    },
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

it('tells how long sound takes to the ear', () => {
  expect(graph.outputLatencyMs).toBeCloseTo(30);
  expect(latencyAsked).toBe(1);
});

it('does not ask Firefox for it, which may never answer', () => {
  userAgent = FIREFOX;
  expect(graph.outputLatencyMs).toBeGreaterThan(0);
  expect(latencyAsked).toBe(0);
});
