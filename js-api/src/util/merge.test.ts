import { expect, it } from 'vitest';
import { mergeConfig, sameConfig } from './merge';

it('merges options member by member, the newer one wins', () => {
  const merged = mergeConfig<{ mute?: boolean; option?: object }>(
    { mute: true, option: { a: 1, b: 1 } },
    { mute: undefined, option: { b: 2 } },
  );
  expect(merged).toEqual({ mute: true, option: { a: 1, b: 2 } });
});

it('does not change what it merges', () => {
  const first = { option: { a: 1 } };
  mergeConfig<{ option?: object }>(first, { option: { a: 2 } });
  expect(first).toEqual({ option: { a: 1 } });
});

it('compares plain members by value and others by identity', () => {
  const track = new Map();
  expect(sameConfig({ option: { track, list: [1] } }, { option: { track, list: [1] } })).toBe(true);
  expect(sameConfig({ option: { track } }, { option: { track: new Map() } })).toBe(false);
  expect(sameConfig({ a: 1 }, { a: 1, b: undefined })).toBe(true);
  expect(sameConfig({ a: 1 }, { a: 2 })).toBe(false);
});
