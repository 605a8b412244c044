import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  validateLocalAudio,
  validateLocalVideo,
  validateMuteRemoteAudio,
  validateRemoteVideo,
  validateRemoteVolume,
} from './media-rules';

class FakeElement {}
class FakeTrack {
  constructor(readonly kind: string) {}
}

beforeEach(() => {
  vi.stubGlobal('HTMLElement', FakeElement);
  vi.stubGlobal('MediaStreamTrack', FakeTrack);
  vi.stubGlobal('document', {
    getElementById: (id: string) => (id === 'view' ? new FakeElement() : null),
  });
});
afterEach(() => vi.unstubAllGlobals());

const codeOf = (run: () => void): number | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { extraCode: number }).extraCode;
  }
};
const main = { userId: 'bob', streamType: 'main' };

it.each([
  ['nothing', undefined, undefined],
  ['microphone mute', { mute: 'microphone' }, undefined],
  ['another mute', { mute: 'speaker' }, 5005],
  ['negative volume', { option: { captureVolume: -1 } }, 5006],
  ['ear monitor above 100', { option: { earMonitorVolume: 101 } }, 5008],
  ['loud capture', { option: { captureVolume: 300 } }, undefined],
  ['a track', { option: { audioTrack: new FakeTrack('audio') } }, undefined],
  ['publish as string', { publish: 'yes' }, 5002],
  ['unknown profile', { option: { profile: 'loud' } }, undefined],
])('local audio: %s', (_name, config, code) =>
  expect(codeOf(() => validateLocalAudio('startLocalAudio', config, false))).toBe(code),
);

it('an update needs a configuration', () => {
  expect(codeOf(() => validateLocalAudio('updateLocalAudio', undefined, true))).toBe(5001);
});

it.each([
  ['nothing', {}, undefined],
  ['no view', { view: null }, undefined],
  ['an id', { view: 'view' }, undefined],
  ['several views', { view: ['view', new FakeElement()] }, undefined],
  ['an unknown id', { view: 'nowhere' }, 5009],
  ['no element', { view: {} }, 5010],
  ['one of several is no element', { view: ['view', 5] }, 5010],
  ['a custom profile', { option: { profile: { width: 640, height: 360 } } }, undefined],
  ['an unknown profile', { option: { profile: '17p' } }, undefined],
  ['a negative width', { option: { profile: { width: -1 } } }, 5006],
  ['rotation 45', { option: { rotation: 45 } }, undefined],
  ['unknown fillMode', { option: { fillMode: 'tile' } }, 5005],
  ['unknown mirror', { option: { mirror: 'me' } }, 5005],
  ['small size by name', { option: { small: '180p' } }, undefined],
  ['small size as number', { option: { small: 180 } }, 5002],
  ['no track', { option: { videoTrack: {} } }, 5004],
])('local video: %s', (_name, config, code) =>
  expect(codeOf(() => validateLocalVideo('startLocalVideo', config, false))).toBe(code),
);

it.each([
  ['complete', 'startRemoteVideo', { ...main, view: 'view' }, undefined],
  ['nothing', 'startRemoteVideo', undefined, 5001],
  ['no user', 'startRemoteVideo', { streamType: 'main' }, 5001],
  ['no stream type', 'startRemoteVideo', { userId: 'bob' }, 5014],
  ['another stream type', 'startRemoteVideo', { ...main, streamType: 'third' }, 5005],
  ['everybody, starting', 'startRemoteVideo', { userId: '*' }, 5014],
  ['everybody, stopping', 'stopRemoteVideo', { userId: '*' }, undefined],
  ['one, stopping without type', 'stopRemoteVideo', { userId: 'bob' }, 5014],
])('remote video: %s', (_name, fn, config, code) =>
  expect(codeOf(() => validateRemoteVideo(fn, config))).toBe(code),
);

it('remote audio', () => {
  expect(codeOf(() => validateMuteRemoteAudio('*', true))).toBeUndefined();
  expect(codeOf(() => validateMuteRemoteAudio('', true))).toBe(5003);
  expect(codeOf(() => validateMuteRemoteAudio('bob', undefined))).toBe(5001);
  expect(codeOf(() => validateRemoteVolume('bob', 500))).toBeUndefined();
  expect(codeOf(() => validateRemoteVolume('bob', -1))).toBe(5006);
  expect(codeOf(() => validateRemoteVolume('bob', '50'))).toBe(5002);
});
