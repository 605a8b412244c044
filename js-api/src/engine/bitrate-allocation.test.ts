import { expect, it } from 'vitest';
import {
  AUDIO_OVERHEAD_BPS,
  MIN_VIDEO_BPS,
  VIDEO_OVERHEAD,
  allocateBitrate,
  wantedBps,
  type BitrateDemand,
} from './bitrate-allocation';

const audio: BitrateDemand = { kind: 'audio', muted: false, bitratesBps: [40_000] };
const video: BitrateDemand = { kind: 'video', muted: false, bitratesBps: [900_000, 100_000] };
const audioOnWire = 40_000 + AUDIO_OVERHEAD_BPS;

it('wants what all encoders are configured to, with headers', () => {
  expect(wantedBps([audio, video])).toBe(audioOnWire + 1_000_000 * VIDEO_OVERHEAD);
});

it('gives everybody what they want where there is enough, and no more', () => {
  for (const target of [wantedBps([audio, video]), 50_000_000])
    expect(allocateBitrate(target, [audio, video])).toEqual([[40_000], [900_000, 100_000]]);
});

it('lets the sizes of a video share what the sound leaves', () => {
  const target = audioOnWire + 550_000 * VIDEO_OVERHEAD;
  const [sound, [big = 0, small = 0] = []] = allocateBitrate(target, [audio, video]);
  expect(sound).toEqual([40_000]);
  expect(big + small).toBeCloseTo(550_000, 0);
  expect(big).toBeCloseTo(475_000, 0);
  expect(small).toBeCloseTo(75_000, 0);
});

it('leaves each picture its least, whatever the target', () => {
  for (const target of [0, 30_000])
    expect(allocateBitrate(target, [audio, video])).toEqual([
      [40_000],
      [MIN_VIDEO_BPS, MIN_VIDEO_BPS],
    ]);
  const tiny: BitrateDemand = { ...video, bitratesBps: [20_000] };
  expect(allocateBitrate(0, [tiny])).toEqual([[20_000]]);
});

it('keeps nothing for a muted picture', () => {
  const muted: BitrateDemand = { ...video, muted: true };
  expect(wantedBps([audio, muted])).toBe(audioOnWire);
  const target = audioOnWire + 1_000_000 * VIDEO_OVERHEAD;
  expect(allocateBitrate(target, [audio, muted, video])[2]).toEqual([900_000, 100_000]);
});
