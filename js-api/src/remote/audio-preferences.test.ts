import { beforeEach, expect, it } from 'vitest';
import { AudioPreferences } from './audio-preferences';

let preferences: AudioPreferences;
beforeEach(() => {
  preferences = new AudioPreferences();
});

it('follows autoReceiveAudio where nothing was said', () => {
  expect(preferences.wanted('bob')).toBe(true);
  preferences.autoReceive = false;
  expect(preferences.wanted('bob')).toBe(false);
  preferences.mute('bob', false);
  expect(preferences.wanted('bob')).toBe(true);
});

it('the newest of one and all wins', () => {
  preferences.mute('bob', true);
  expect(preferences.wanted('bob')).toBe(false);
  preferences.mute('*', false);
  expect(preferences.wanted('bob')).toBe(true);
  preferences.mute('*', true);
  preferences.mute('bob', false);
  expect(preferences.wanted('bob')).toBe(true);
  expect(preferences.wanted('carol')).toBe(false);
});

it('keeps volumes for those who come later', () => {
  preferences.setVolume('*', 50);
  preferences.setVolume('bob', 200);
  expect(preferences.volume('bob')).toBe(200);
  expect(preferences.volume('carol')).toBe(50);
});

it('forgets everything on leaving', () => {
  preferences.mute('*', true);
  preferences.setVolume('*', 0);
  preferences.reset();
  expect(preferences.wanted('bob')).toBe(true);
  expect(preferences.volume('bob')).toBe(100);
});
