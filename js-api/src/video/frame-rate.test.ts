import { expect, it } from 'vitest';
import { FrameRateLimiter } from './frame-rate';

function kept(sourceFps: number, fps: number, seconds = 10, jitterMs = 0): number {
  const limiter = new FrameRateLimiter(fps);
  let count = 0;
  for (let i = 0; i < sourceFps * seconds; i++) {
    const jitter = ((i * 7919) % 11) / 11 - 0.5;
    if (limiter.admit(1000 + (i * 1000) / sourceFps + jitter * jitterMs)) count++;
  }
  return count / seconds;
}

it.each([
  ['the same rate', 30, 30, 30],
  ['half', 30, 15, 15],
  ['a slower source', 15, 30, 15],
  ['60 to 30', 60, 30, 30],
  ['30 to 20', 30, 20, 20],
])('%s', (_name, source, wanted, expected) => {
  expect(Math.abs(kept(source, wanted) - expected)).toBeLessThanOrEqual(0.5);
});

it('keeps a source of the asked rate whole though it jitters', () => {
  expect(kept(30, 30, 10, 8)).toBe(30);
});

it('goes on after a pause', () => {
  const limiter = new FrameRateLimiter(15);
  expect(limiter.admit(0)).toBe(true);
  expect(limiter.admit(60_000)).toBe(true);
  expect(limiter.admit(60_001)).toBe(false);
});
