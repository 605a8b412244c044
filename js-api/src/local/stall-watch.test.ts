import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StallWatch } from './stall-watch';

describe('StallWatch', () => {
  let count: number | undefined;
  let reopened: number;
  let watch: StallWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    count = 0;
    reopened = 0;
    watch = new StallWatch(
      () => Promise.resolve(count),
      () => reopened++,
    );
  });
  afterEach(() => {
    watch.stop();
    vi.useRealTimers();
  });
  const seconds = async (n: number, perSecond: number) => {
    for (let i = 0; i < n; i++) {
      if (count !== undefined) count += perSecond;
      await vi.advanceTimersByTimeAsync(1000);
    }
  };

  it('leaves a camera alone that gives pictures, however slowly', async () => {
    await seconds(60, 1);
    expect(reopened).toBe(0);
  });

  it('opens a camera again that gave one picture and no more', async () => {
    await seconds(1, 1);
    await seconds(2, 0);
    expect(reopened).toBe(1);
  });

  it('expects nothing while muted', async () => {
    count = undefined;
    await seconds(60, 0);
    expect(reopened).toBe(0);
  });

  it('gives a broken camera up, until it works', async () => {
    await seconds(60, 0);
    expect(reopened).toBe(3);
    await seconds(5, 30);
    await seconds(3, 0);
    expect(reopened).toBe(4);
  });

  it('stops when told', async () => {
    watch.stop();
    await seconds(60, 0);
    expect(reopened).toBe(0);
  });
});
