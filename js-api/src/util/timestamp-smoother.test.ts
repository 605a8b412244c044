import { expect, it } from 'vitest';
import { TimestampSmoother } from './timestamp-smoother';

it('takes the jitter of arrival out', () => {
  const smoother = new TimestampSmoother(1000);
  const delays = [5, 2, 9, 3, 2, 14, 2];
  const mapped = delays.map((delay, i) => smoother.map(i * 33, 1_000_000 + i * 33 + delay));
  mapped.slice(1).forEach((time, i) => expect(time).toBe(1_000_002 + (i + 1) * 33));
});

it('follows a clock that drifts', () => {
  const smoother = new TimestampSmoother(1000);
  let error = 0;
  for (let i = 0; i < 6000; i++) {
    const arrival = i * 10 * 1.001;
    error = arrival - smoother.map(i * 10, arrival);
  }
  expect(Math.abs(error)).toBeLessThan(11);
});

it('starts anew when the source was replaced', () => {
  const smoother = new TimestampSmoother(1000);
  smoother.map(100_000, 200_000);
  expect(smoother.map(0, 200_033)).toBe(200_033);
});

it('follows a source that lost time', () => {
  const smoother = new TimestampSmoother(250);
  for (let i = 0; i < 100; i++) smoother.map(i * 10, i * 10);
  let mapped = 0;
  for (let i = 100; i < 160; i++) mapped = smoother.map(i * 10, i * 10 + 90);
  expect(mapped).toBe(1590 + 90);
});
