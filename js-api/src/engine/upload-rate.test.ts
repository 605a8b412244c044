import { beforeEach, expect, it, vi } from 'vitest';
import { FakeEngine } from '../../test/support/engine-fakes';
import { AUDIO_OVERHEAD_BPS, VIDEO_OVERHEAD } from './bitrate-allocation';
import type { Engine } from './engine';
import { UploadGate } from './upload-gate';
import { GUESS_MS, POLL_MS, UploadRate, type RateControlled } from './upload-rate';

const time = vi.hoisted(() => ({ ms: 0 }));
vi.mock('../util/clock', () => ({ now: () => time.ms }));

const GUESS_BPS = 1_000_000;
let engine: FakeEngine;
let buffered: number;
let gate: UploadGate;
let orders: [number, number][];
let streams: RateControlled[];
let rate: UploadRate;
beforeEach(() => {
  time.ms = 0;
  engine = new FakeEngine();
  engine.target = GUESS_BPS;
  buffered = 0;
  gate = new UploadGate(() => buffered);
  orders = [];
  const order = (encoding: number, bitrateBps: number) => orders.push([encoding, bitrateBps]);
  const of = (kind: 'audio' | 'video', ...bitratesBps: number[]): RateControlled => ({
    demand: { kind, muted: false, bitratesBps },
    limitsBps: [],
    order,
  });
  streams = [of('audio', 40_000), of('video', 1_500_000)];
  rate = new UploadRate(engine as unknown as Engine, gate, () => streams);
  rate.changed();
});

/** The network carries `videoBps` of video beside the sound. */
function carry(videoBps: number): void {
  engine.target = 40_000 + AUDIO_OVERHEAD_BPS + videoBps * VIDEO_OVERHEAD;
  time.ms += POLL_MS;
  rate.poll();
}
const settle = () => void (time.ms = GUESS_MS);

it('says what the encoders could use', () => {
  expect(engine.wanted).toBe(40_000 + AUDIO_OVERHEAD_BPS + 1_500_000 * VIDEO_OVERHEAD);
  streams.pop();
  rate.changed();
  expect(engine.wanted).toBe(40_000 + AUDIO_OVERHEAD_BPS);
});

it('begins as the page wants it: what nothing was learned of is no limit', () => {
  time.ms += POLL_MS;
  rate.poll();
  expect(orders).toEqual([]);
});

it('follows at once when the network carries far less than the guess', () => {
  carry(700_000);
  expect(orders).toEqual([]);
  carry(300_000);
  expect(orders).toEqual([[0, 300_000]]);
});

it('limits what was wanted too much, when the guess has become knowledge', () => {
  settle();
  rate.poll();
  expect(orders).toHaveLength(1);
  expect(orders[0]?.[1]).toBeLessThan(1_000_000);
});

it('leaves an encoder alone for small changes', () => {
  settle();
  carry(1_000_000);
  for (const bps of [1_050_000, 1_110_000, 950_000, 930_000]) carry(bps);
  expect(orders).toEqual([[0, 1_000_000]]);
  carry(910_000);
  carry(1_030_000);
  expect(orders).toEqual([
    [0, 1_000_000],
    [0, 910_000],
    [0, 1_030_000],
  ]);
});

it('always takes the last step to all that was wanted', () => {
  settle();
  carry(1_400_000);
  expect(orders).toEqual([]);
  carry(1_300_000);
  carry(1_450_000);
  expect(orders).toEqual([[0, 1_300_000]]);
  carry(1_500_000);
  carry(2_000_000);
  expect(orders.slice(1)).toEqual([[0, Infinity]]);
});

it('lifts a limit when the page wants less than it', () => {
  settle();
  carry(1_000_000);
  (streams[1] as RateControlled).demand.bitratesBps = [800_000];
  rate.changed();
  expect(orders.at(-1)).toEqual([0, Infinity]);
});

it('looks no more often than it has to', () => {
  settle();
  rate.poll();
  const target = vi.spyOn(engine, 'targetBitrate');
  for (let i = 0; i < 10; i++) {
    time.ms += POLL_MS / 10;
    rate.poll();
  }
  expect(target).toHaveBeenCalledTimes(1);
});

it('tells congestion control how old the queue before the socket is', () => {
  gate.admit(1000);
  buffered = 1000;
  time.ms += POLL_MS;
  gate.admit(1000);
  buffered = 2000;
  rate.poll();
  expect(engine.queueDelayMs, 'of what may be gone, unheard').toBe(0);
  time.ms += POLL_MS;
  rate.poll();
  expect(engine.queueDelayMs).toBe(POLL_MS);
  buffered = 1000;
  time.ms += POLL_MS;
  rate.poll();
  expect(engine.queueDelayMs).toBe(2 * POLL_MS);
  buffered = 0;
  time.ms += POLL_MS;
  rate.poll();
  expect(engine.queueDelayMs).toBe(0);
});

it('without a connection nothing is queued, and a new one begins empty', () => {
  gate.admit(1000);
  buffered = Infinity;
  time.ms += POLL_MS;
  rate.poll();
  expect(engine.queueDelayMs).toBe(0);
  expect(gate.admit(1000)).toBe(false);
  buffered = 0;
  gate.admit(1000);
  buffered = 1000;
  for (let i = 0; i < 2; i++) {
    time.ms += POLL_MS;
    rate.poll();
  }
  expect(engine.queueDelayMs).toBe(POLL_MS);
});

it('knows how old a queue is that never moves, of which it remembers little', () => {
  const beganMs = time.ms + 10;
  for (let i = 0; i < 10_000; i++) {
    buffered += 10;
    time.ms += 10;
    gate.admit(10);
    rate.poll();
  }
  expect(engine.queueDelayMs).toBeGreaterThan(time.ms - beganMs - 200);
  expect((gate as unknown as { marks: object[] }).marks.length).toBeLessThanOrEqual(100);
});
