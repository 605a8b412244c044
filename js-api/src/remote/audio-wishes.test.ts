import { beforeEach, expect, it } from 'vitest';
import { AudioWishes } from './audio-wishes';

let wishes: AudioWishes;
beforeEach(() => {
  wishes = new AudioWishes();
});

it('follows autoReceiveAudio where nothing was said', () => {
  expect(wishes.wanted('bob')).toBe(true);
  wishes.autoReceive = false;
  expect(wishes.wanted('bob')).toBe(false);
  wishes.mute('bob', false);
  expect(wishes.wanted('bob')).toBe(true);
});

it('the newest of one and all wins', () => {
  wishes.mute('bob', true);
  expect(wishes.wanted('bob')).toBe(false);
  wishes.mute('*', false);
  expect(wishes.wanted('bob')).toBe(true);
  wishes.mute('*', true);
  wishes.mute('bob', false);
  expect(wishes.wanted('bob')).toBe(true);
  expect(wishes.wanted('carol')).toBe(false);
});

it('keeps volumes for those who come later', () => {
  wishes.setVolume('*', 50);
  wishes.setVolume('bob', 200);
  expect(wishes.volume('bob')).toBe(200);
  expect(wishes.volume('carol')).toBe(50);
});

it('forgets everything on leaving', () => {
  wishes.mute('*', true);
  wishes.setVolume('*', 0);
  wishes.reset();
  expect(wishes.wanted('bob')).toBe(true);
  expect(wishes.volume('bob')).toBe(100);
});
