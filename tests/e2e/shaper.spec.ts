// The narrow link of the other tests, in virtual time.
import { expect, test } from '@playwright/test';
import { Shaper } from './support/shaper.mjs';

/** With what it adds: a packet of 1000 bytes. */
const PACKET = 972;
/** 1000 bytes in 8 ms. */
const MBPS = 1_000_000;

/** Offers a packet each `everyMs` until `endMs`; gives when each left, and how many found no room. */
function run(shaper: Shaper, everyMs: number, startMs: number, endMs: number) {
  const left: number[] = [];
  let refused = 0;
  for (let nowMs = startMs; nowMs < endMs; nowMs++) {
    while (shaper.take(nowMs) !== undefined) left.push(nowMs);
    if ((nowMs - startMs) % everyMs > 0) continue;
    if (shaper.hasRoom) shaper.push(nowMs, PACKET, nowMs);
    else refused++;
  }
  return { left, refused };
}

test('a line lets through as much as its rate, and its queue holds the rest for so long', () => {
  const shaper = new Shaper();
  shaper.configure({ bitsPerSecond: MBPS, queueMs: 200 });
  const { left, refused } = run(shaper, 4, 0, 4000);
  expect(left.length).toBeGreaterThanOrEqual(498);
  expect(left.length).toBeLessThanOrEqual(500);
  expect(1000 - left.length - refused, 'in the queue').toBeLessThanOrEqual(26);
  expect(shaper.queuedMs).toBeGreaterThan(190);
});

test('a line that is wide enough delays by no more than sending takes', () => {
  const shaper = new Shaper();
  shaper.configure({ bitsPerSecond: MBPS, queueMs: 200 });
  const { left, refused } = run(shaper, 10, 0, 1000);
  expect(refused).toBe(0);
  expect(left.slice(0, 3)).toEqual([8, 18, 28]);
});

test('a line that narrows does so for what waits, too, and one without limit holds nothing', () => {
  const shaper = new Shaper();
  expect(run(shaper, 1, 0, 100).left).toHaveLength(99);
  shaper.configure({ bitsPerSecond: MBPS, queueMs: 200 });
  run(shaper, 4, 100, 300);
  shaper.configure({ bitsPerSecond: MBPS / 10, queueMs: 200 });
  expect(shaper.hasRoom).toBe(false);
  expect(run(shaper, 80, 300, 1100).left).toHaveLength(10);
  shaper.configure();
  run(shaper, 1000, 1100, 1102);
  expect(shaper.queuedMs).toBe(0);
});
