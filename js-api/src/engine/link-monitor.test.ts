import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEAD_MS, LinkMonitor, PING_INTERVAL_MS, SILENT_MS } from './link-monitor';
import type { TransportName } from './transport';

let pings: (() => void)[];
let log: string[];
let roundTrips: number[];
let monitor: LinkMonitor;
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const watch = (transport: TransportName) => {
  monitor = new LinkMonitor(transport, {
    ping: () => new Promise((resolve) => pings.push(() => resolve(undefined))),
    onRoundTrip: (rttMs) => roundTrips.push(rttMs),
    onSilent: () => log.push('silent'),
    onHeard: () => log.push('heard'),
    onDead: () => log.push('dead'),
  });
};
/** The ping that was sent last is answered after this time. */
const answer = async (ms: number) => {
  await wait(ms);
  monitor.heard();
  pings.at(-1)?.();
  await wait(0);
};

beforeEach(() => {
  vi.useFakeTimers();
  pings = [];
  log = [];
  roundTrips = [];
});
afterEach(() => {
  monitor.stop();
  vi.useRealTimers();
});

it('measures round trips, and tells the median of the newest three', async () => {
  watch('websocket');
  expect(monitor.rttMs).toBe(-1);
  const medians: number[] = [];
  for (const [i, ms] of [500, 80, 900, 60].entries()) {
    while (pings.length === i) await wait(10);
    await answer(ms);
    medians.push(Math.round(monitor.rttMs / 10) * 10);
  }
  expect(medians).toEqual([500, 500, 500, 80]);
});

it('tells no round trip of a connection that is not watched any more', async () => {
  watch('websocket');
  await answer(80);
  while (pings.length === 1) await wait(10);
  monitor.stop();
  await answer(500);
  expect(roundTrips).toEqual([80]);
});

describe('where media flows over UDP', () => {
  beforeEach(async () => {
    watch('webtransport');
    await answer(20);
    monitor.flowed();
    pings.length = 0;
  });

  it('silence is questioned after 300 ms and believed after 600', async () => {
    await wait(250);
    expect(pings).toHaveLength(0);
    await wait(150);
    expect(pings).toHaveLength(1);
    expect(log).toEqual([]);
    await wait(300);
    expect(log).toEqual(['silent']);
  });

  it('an answer to the question is enough', async () => {
    await wait(400);
    await answer(50);
    await wait(200);
    expect(log).toEqual([]);
  });

  it('what is heard after all is told', async () => {
    await wait(700);
    monitor.heard();
    expect(log).toEqual(['silent', 'heard']);
  });

  it('long round trips have more time', async () => {
    for (let i = 0; i < 3; i++) {
      await wait(PING_INTERVAL_MS);
      await answer(400);
    }
    log.length = 0;
    monitor.flowed();
    await wait(2000);
    expect(log).toEqual([]);
    monitor.flowed();
    await wait(800);
    expect(log).toEqual(['silent']);
  });
});

describe('where nothing flows, or TCP repairs what is lost', () => {
  it.each(['websocket', 'webtransport'] as const)('%s has four seconds', async (transport) => {
    watch(transport);
    await answer(20);
    if (transport === 'websocket') monitor.flowed();
    await wait(SILENT_MS - 200);
    expect(log).toEqual([]);
    await wait(300);
    expect(log).toEqual(['silent']);
  });

  it('is dead after eight, once', async () => {
    watch('websocket');
    await wait(DEAD_MS + 100);
    expect(log).toEqual(['silent', 'dead']);
    await wait(DEAD_MS);
    expect(log).toEqual(['silent', 'dead']);
  });

  it('pings that nobody answers are dead, though something is heard', async () => {
    watch('websocket');
    for (let t = 0; t < DEAD_MS + 200; t += 100) {
      monitor.heard();
      await wait(100);
    }
    expect(log).toEqual(['dead']);
  });

  it('an answer that is demanded must come soon', async () => {
    watch('websocket');
    await answer(20);
    monitor.demand();
    expect(pings).toHaveLength(2);
    await wait(700);
    expect(log).toEqual(['silent']);
  });
});

it('a thread that was frozen asks first, and then judges', async () => {
  watch('websocket');
  await answer(20);
  const asked = pings.length;
  const clock = vi.spyOn(performance, 'now');
  const then = performance.now();
  clock.mockImplementation(() => then + 600_000);
  await wait(100);
  expect(pings).toHaveLength(asked + 1);
  expect(log).toEqual([]);
  clock.mockImplementation(() => then + 601_000);
  await wait(100);
  expect(log).toEqual(['silent']);
  clock.mockRestore();
});
