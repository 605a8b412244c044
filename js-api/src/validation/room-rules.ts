import { EXTRA } from '../constants/error-code';
import { RtcError } from '../errors/rtc-error';
import { validate, type Rule } from './rules';

const MAX_ROOM_ID = 4294967294;
const STRING_ROOM_ID = /^[A-Za-z\d\s!#$%&()+\-:;<=.>?@[\]^_{}|~,]{1,64}$/;
const RECORD_ID = /^[A-Za-z0-9_-]{1,64}$/;

const proxyRules: Rule[] = [
  { name: 'websocketProxy', type: 'string', notEmpty: true },
  { name: 'unifiedProxy', type: 'string', notEmpty: true },
];

const enterRoomRule: Rule = {
  name: 'params',
  type: 'object',
  required: true,
  properties: [
    {
      name: 'sdkAppId',
      type: 'number',
      required: true,
      custom: (value, fail) => {
        if (value === 0) fail(EXTRA.EMPTY, 'must not be 0');
      },
    },
    { name: 'userId', type: 'string', required: true, notEmpty: true },
    { name: 'userSig', type: 'string', required: true, notEmpty: true },
    { name: 'scene', values: ['rtc', 'live'] },
    { name: 'role', values: ['anchor', 'audience'] },
    { name: 'autoReceiveAudio', type: 'boolean' },
    { name: 'autoReceiveVideo', type: 'boolean' },
    { name: 'enableAutoPlayDialog', type: 'boolean' },
    { name: 'proxy', type: ['string', 'object'], notEmpty: true, properties: proxyRules },
    { name: 'transport', values: ['auto', 'webtransport', 'websocket'] },
    { name: 'privateMapKey', type: 'string' },
    {
      name: 'userDefineRecordId',
      type: 'string',
      custom: (value, fail) => {
        if (!RECORD_ID.test(value as string))
          fail(EXTRA.NOT_ALLOWED_VALUE, 'must be 1 to 64 of A-Z a-z 0-9 _ -');
      },
    },
    { name: 'businessInfo', type: 'string' },
    {
      name: 'playoutDelay',
      type: 'object',
      properties: [
        { name: 'min', type: 'number', min: 0, max: 1000 },
        { name: 'max', type: 'number', min: 0, max: 10_000 },
      ],
    },
  ],
};

export function validateEnterRoom(params: unknown): void {
  validate('enterRoom', enterRoomRule, params);
  validateRoomId(params as { roomId?: unknown; strRoomId?: unknown });
}

/** The real SDK's codes: a bad number gives 5013, a bad string 5012. */
function validateRoomId({ roomId, strRoomId }: { roomId?: unknown; strRoomId?: unknown }): void {
  const fail = (extraCode: number, message: string): never => {
    throw new RtcError({
      name: 'INVALID_PARAMETER',
      extraCode,
      functionName: 'enterRoom',
      message: `enterRoom: ${message}`,
    });
  };
  if (typeof roomId === 'string')
    fail(EXTRA.ROOM_ID_IS_STRING, `'roomId' must be a number; use 'strRoomId' for '${roomId}'`);
  if (roomId) {
    const valid =
      Number.isInteger(roomId) && (roomId as number) >= 1 && (roomId as number) <= MAX_ROOM_ID;
    if (!valid)
      fail(
        EXTRA.BAD_NUMBER_ROOM_ID,
        `'roomId' must be an integer from 1 to ${MAX_ROOM_ID}, got ${String(roomId)}`,
      );
    return;
  }
  if (strRoomId === undefined || strRoomId === '')
    fail(EXTRA.ROOM_ID_MISSING, `one of 'roomId' and 'strRoomId' is needed`);
  if (typeof strRoomId !== 'string' || !STRING_ROOM_ID.test(strRoomId))
    fail(
      EXTRA.BAD_STRING_ROOM_ID,
      `'strRoomId' must be 1 to 64 letters, digits, spaces and !#$%&()+-:;<=.>?@[]^_{}|~,`,
    );
}
