// The network that loses packets, of benchmarks and tests, by itself.
import { expect, test } from '@playwright/test';
import { Impairment } from './support/impairment.mjs';

/** The runs of packets lost of `count`. */
function runs(network: { loss: number; meanBurst?: number; seed?: number }, count: number) {
  const impairment = new Impairment();
  impairment.configure(network);
  const lengths: number[] = [];
  let current = 0;
  for (let i = 0; i < count; i++) {
    if (impairment.loses()) {
      current++;
      continue;
    }
    if (current > 0) lengths.push(current);
    current = 0;
  }
  return lengths;
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

test('as many packets are lost as asked for, in runs of the length asked for', () => {
  for (const { loss, meanBurst, length } of [
    { loss: 0.1, meanBurst: 1, length: 1 / 0.9 },
    { loss: 0.3, meanBurst: 1, length: 1 / 0.7 },
    { loss: 0.2, meanBurst: 5, length: 5 },
  ]) {
    const lost = runs({ loss, meanBurst, seed: 7 }, 100_000);
    expect(sum(lost) / 100_000).toBeCloseTo(loss, 2);
    expect(Math.abs(sum(lost) / lost.length - length)).toBeLessThan(0.15 * length);
  }
});

test('the same seed loses the same packets, and none are lost without being asked for', () => {
  expect(runs({ loss: 0.2, seed: 3 }, 1000)).toEqual(runs({ loss: 0.2, seed: 3 }, 1000));
  expect(runs({ loss: 0.2, seed: 4 }, 1000)).not.toEqual(runs({ loss: 0.2, seed: 3 }, 1000));
  expect(runs({ loss: 0 }, 1000)).toEqual([]);
});
