import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { now } from '../util/clock';
import { deferred } from '../util/deferred';
import { Connector, HEAD_START_MS, type Reasons } from './connector';
import { DISTRUST_MS, MEMORY_TTL_MS, NetworkMemory } from './network-memory';
import type { TransportChoice } from './messages';
import type { Transport, TransportName } from './transport';

const URL = 'wss://gateway/rtc/v1';
const CHROME = 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36';
const SAFARI = 'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/26.4 Safari/605.1.15';

class FakeTransport {
  readonly opening = deferred();
  closed = false;
  constructor(
    readonly name: TransportName,
    readonly startedAt: number,
  ) {}
  open = () => this.opening.promise;
  close = () => {
    this.closed = true;
    this.opening.reject(new Error('closed'));
  };
}

let started: FakeTransport[];
let memory: NetworkMemory;
let start: number;
const connector = (canWebTransport = true) =>
  new Connector(
    (name) => {
      const transport = new FakeTransport(name, performance.now() - start);
      started.push(transport);
      return transport as unknown as Transport;
    },
    memory,
    canWebTransport,
  );
const connect = (
  choice: TransportChoice = 'auto',
  which = connector(),
  url = URL,
  patienceMs = Infinity,
) => {
  started = [];
  start = performance.now();
  const controller = new AbortController();
  const { signal } = controller;
  const deadline = now() + patienceMs;
  const result = which.connect(url, choice, { signal, deadline }).then(
    ({ name }) => name,
    (error: Error) => error.message,
  );
  return { result, controller };
};
const names = () => started.map(({ name }) => name);
const transport = (name: TransportName) =>
  started.find((each) => each.name === name) as FakeTransport;
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('navigator', { userAgent: CHROME });
  memory = new NetworkMemory();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('the race', () => {
  it('is WebTransport’s alone where that is quick', async () => {
    const { result } = connect();
    await wait(200);
    transport('webtransport').opening.resolve();
    expect(await result).toBe('webtransport');
    await wait(HEAD_START_MS);
    expect(names()).toEqual(['webtransport']);
  });

  it('has WebSocket start after the head start, and keeps the first that is ready', async () => {
    const { result } = connect();
    await wait(HEAD_START_MS);
    expect(started.map(({ name, startedAt }) => [name, startedAt])).toEqual([
      ['webtransport', 0],
      ['websocket', HEAD_START_MS],
    ]);
    transport('websocket').opening.resolve();
    expect(await result).toBe('websocket');
    expect(transport('webtransport').closed).toBe(true);
  });

  it('is won by WebTransport even late', async () => {
    const { result } = connect();
    await wait(HEAD_START_MS + 50);
    transport('webtransport').opening.resolve();
    expect(await result).toBe('webtransport');
    expect(transport('websocket').closed).toBe(true);
  });

  it('does not wait for the head start when WebTransport has failed', async () => {
    const { result } = connect();
    await wait(10);
    transport('webtransport').opening.reject(new Error('no UDP'));
    await wait(0);
    expect(names()).toEqual(['webtransport', 'websocket']);
    transport('websocket').opening.resolve();
    expect(await result).toBe('websocket');
  });

  it('goes on without WebSocket where TCP alone is blocked', async () => {
    const { result } = connect();
    await wait(HEAD_START_MS);
    transport('websocket').opening.reject(new Error('refused'));
    await wait(10);
    transport('webtransport').opening.resolve();
    expect(await result).toBe('webtransport');
  });

  it('lost by both tells the reason of each', async () => {
    const { result } = connect();
    await wait(HEAD_START_MS);
    transport('webtransport').opening.reject(new Error('UDP is blocked'));
    transport('websocket').opening.reject(new Error('refused (1006)'));
    expect(await result).toBe(
      'no connection to the gateway; webtransport: UDP is blocked; websocket: refused (1006)',
    );
  });

  it('ends when its time is over, with the reason of each', async () => {
    const { result } = connect('auto', connector(), URL, 3000);
    await wait(HEAD_START_MS);
    transport('websocket').opening.reject(new Error('refused (1006)'));
    await wait(2000);
    expect(await result).toBe(
      'no connection to the gateway; websocket: refused (1006); webtransport: was not open in time',
    );
    expect(transport('webtransport').closed).toBe(true);
    expect(memory.failsUdp(URL)).toBe(true);
  });

  it('adds its reasons to those of an earlier one', async () => {
    started = [];
    const reasons: Reasons = new Map([['webtransport', 'silent']]);
    const { signal } = new AbortController();
    const result = connector().connect(URL, 'websocket', { signal, reasons });
    transport('websocket').opening.reject(new Error('refused'));
    await expect(result).rejects.toThrow('; webtransport: silent; websocket: refused');
  });

  it('can be called off', async () => {
    const { result, controller } = connect();
    await wait(HEAD_START_MS);
    controller.abort();
    expect(await result).toBe('given up');
    expect(started.map(({ closed }) => closed)).toEqual([true, true]);
  });
});

describe('what is remembered of the network', () => {
  const loseUdp = async () => {
    const { result } = connect();
    await wait(HEAD_START_MS);
    transport('websocket').opening.resolve();
    await result;
  };
  const startsTogether = async () => {
    const { controller } = connect();
    await wait(0);
    controller.abort();
    return names().length === 2;
  };

  it('where UDP failed both start at once, for a while', async () => {
    await loseUdp();
    expect(await startsTogether()).toBe(true);
    await wait(MEMORY_TTL_MS);
    expect(await startsTogether()).toBe(false);
  });

  it('another gateway is another matter', async () => {
    await loseUdp();
    connect('auto', connector(), 'wss://other/rtc/v1');
    await wait(0);
    expect(names()).toEqual(['webtransport']);
  });

  it('is forgotten when the network changes', async () => {
    await loseUdp();
    memory.forget();
    expect(await startsTogether()).toBe(false);
  });

  it('is forgotten when UDP works', async () => {
    await loseUdp();
    const { result } = connect();
    transport('webtransport').opening.resolve();
    await result;
    expect(await startsTogether()).toBe(false);
  });

  it('that could not be opened comes second for a while', async () => {
    connector().openedWithoutSession(URL, 'webtransport');
    const { controller } = connect();
    expect(names()).toEqual(['websocket']);
    await wait(HEAD_START_MS);
    expect(names()).toEqual(['websocket', 'webtransport']);
    controller.abort();
    await wait(DISTRUST_MS);
    connect();
    expect(names()).toEqual(['webtransport']);
  });

  it('is bounded', () => {
    for (let i = 0; i < 100; i++) memory.udpFailed(`wss://host${i}/`);
    expect(memory.failsUdp('wss://host0/')).toBe(false);
    expect(memory.failsUdp('wss://host99/')).toBe(true);
  });
});

describe('the choice', () => {
  it.each(['webtransport', 'websocket'] as const)('of %s starts nothing else', async (choice) => {
    const { result } = connect(choice);
    await wait(HEAD_START_MS);
    expect(names()).toEqual([choice]);
    transport(choice).opening.reject(new Error('no'));
    expect(await result).toBe(`no connection to the gateway; ${choice}: no`);
  });

  it('of WebTransport where there is none fails at once', async () => {
    expect(await connect('webtransport', connector(false)).result).toContain('no WebTransport');
  });

  it.each([
    ['no WebTransport in this browser', CHROME, false, URL],
    ['an insecure gateway', CHROME, true, 'ws://127.0.0.1/rtc/v1'],
    ['Safari', SAFARI, true, URL],
  ])('is WebSocket with %s', async (_why, userAgent, can, url) => {
    vi.stubGlobal('navigator', { userAgent });
    connect('auto', connector(can), url);
    await wait(HEAD_START_MS);
    expect(names()).toEqual(['websocket']);
    expect(connector(can).mayUpgrade(url, 'auto')).toBe(false);
  });

  it('of WebTransport holds in Safari, too', () => {
    vi.stubGlobal('navigator', { userAgent: SAFARI });
    connect('webtransport');
    expect(names()).toEqual(['webtransport']);
  });
});
