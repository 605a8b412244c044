import { describe, expect, it } from 'vitest';
import { validateEnterRoom } from './room-rules';

const good = { sdkAppId: 1400000123, userId: 'anna', userSig: 'sig', roomId: 1 };
const extraCode = (params: unknown): number | undefined => {
  try {
    validateEnterRoom(params);
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({
      code: 5000,
      name: 'INVALID_PARAMETER',
      functionName: 'enterRoom',
    });
    return (error as { extraCode: number }).extraCode;
  }
};

describe('enterRoom', () => {
  it.each([
    ['numeric room', good],
    ['largest room', { ...good, roomId: 4294967294 }],
    ['string room', { ...good, roomId: undefined, strRoomId: 'a b!#$%&()+-:;<=.>?@[]^_{}|~,' }],
    ['both: the number wins', { ...good, strRoomId: 'zu früh' }],
    ['a transport', { ...good, transport: 'webtransport' }],
    ['proxy as string', { ...good, proxy: 'wss://localhost' }],
    ['proxy as object', { ...good, proxy: { websocketProxy: 'wss://localhost' } }],
    [
      'everything',
      { ...good, scene: 'live', role: 'audience', playoutDelay: { min: 0, max: 500 } },
    ],
  ])('takes %s', (_name, params) => expect(extraCode(params)).toBeUndefined());

  it.each([
    [5001, 'nothing', undefined],
    [5002, 'no object', 'room'],
    [5001, 'no sdkAppId', { ...good, sdkAppId: undefined }],
    [5002, 'sdkAppId as string', { ...good, sdkAppId: '1400000123' }],
    [5003, 'sdkAppId 0', { ...good, sdkAppId: 0 }],
    [5003, 'empty userId', { ...good, userId: '' }],
    [5002, 'userId as number', { ...good, userId: 5 }],
    [5003, 'empty userSig', { ...good, userSig: '' }],
    [5015, 'no room', { ...good, roomId: undefined }],
    [5015, 'room 0', { ...good, roomId: 0 }],
    [5016, 'room as string', { ...good, roomId: '1' }],
    [5013, 'room too large', { ...good, roomId: 4294967295 }],
    [5013, 'negative room', { ...good, roomId: -1 }],
    [5013, 'broken room', { ...good, roomId: 1.5 }],
    [5012, 'bad characters', { ...good, roomId: undefined, strRoomId: 'zu früh' }],
    [5012, 'too long', { ...good, roomId: undefined, strRoomId: 'a'.repeat(65) }],
    [5012, 'string room as number', { ...good, roomId: undefined, strRoomId: 5 }],
    [5005, 'unknown scene', { ...good, scene: 'party' }],
    [5005, 'unknown transport', { ...good, transport: 'quic' }],
    [5005, 'unknown role', { ...good, role: 'guest' }],
    [5002, 'autoReceiveAudio as string', { ...good, autoReceiveAudio: 'yes' }],
    [5006, 'negative delay', { ...good, playoutDelay: { min: -1 } }],
    [5008, 'delay too long', { ...good, playoutDelay: { max: 10_001 } }],
    [5005, 'bad record id', { ...good, userDefineRecordId: 'a b' }],
  ])('%i: %s', (code, _name, params) => expect(extraCode(params)).toBe(code));

  it('says which parameter is wrong and what it was', () => {
    expect(() => validateEnterRoom({ ...good, scene: 'party' })).toThrow(
      "enterRoom: 'params.scene' must be one of 'rtc', 'live', got 'party'",
    );
  });
});
