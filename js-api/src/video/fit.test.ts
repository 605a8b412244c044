import { expect, it } from 'vitest';
import { fitSize } from './fit';

const profile = { width: 640, height: 480 };

it.each([
  ['the same', 640, 480, 640, 480],
  ['smaller stays', 320, 240, 320, 240],
  ['larger is scaled', 1280, 960, 640, 480],
  ['wider keeps its aspect', 1280, 720, 640, 360],
  ['upright turns the profile', 720, 1280, 360, 640],
  ['odd becomes even', 333, 251, 334, 252],
  ['narrow keeps the least side', 4000, 20, 640, 16],
])('%s', (_name, width, height, expectedWidth, expectedHeight) => {
  expect(fitSize(width, height, profile)).toEqual({ width: expectedWidth, height: expectedHeight });
});
