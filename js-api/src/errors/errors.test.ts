import { describe, expect, it } from 'vitest';
import { closingError } from '../room/closing';
import { RpcError } from '../util/rpc';
import { deviceError } from './device-error';
import { RtcError, abortError } from './rtc-error';
import { sessionError } from './session-error';

describe('RtcError', () => {
  it('is an Error with the fields of the specification', () => {
    const error = new RtcError({ name: 'SERVER_ERROR', extraCode: 70001, message: 'expired' });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'SERVER_ERROR', code: 5400, extraCode: 70001 });
  });

  it('an abort names the function and the reason', () => {
    expect(abortError('startLocalAudio', 'already start')).toMatchObject({
      code: 5998,
      functionName: 'startLocalAudio',
      message: 'startLocalAudio abort: already start',
    });
  });
});

it.each([
  ['NotFoundError', 5301],
  ['NotAllowedError', 5302],
  ['NotReadableError', 5303],
  ['OverconstrainedError', 5304],
  ['InvalidStateError', 5305],
  ['SecurityError', 5306],
  ['AbortError', 5307],
])('%s of a device is %i', (name, extraCode) => {
  const error = deviceError(new DOMException('no', name), 'startLocalVideo');
  expect(error).toMatchObject({ code: 5300, extraCode });
  expect(error.message).toContain(name);
});

it.each([
  ['server', 70009, { code: 5400, extraCode: 70009 }],
  ['network', 0, { code: 5500, extraCode: 5501 }],
  ['engine', 0, { code: 5500, extraCode: undefined }],
] as const)('a failure of kind %s', (kind, code, expected) => {
  const error = sessionError(new RpcError({ kind, code, message: 'why' }), 'enterRoom');
  expect(error).toMatchObject({ ...expected, functionName: 'enterRoom' });
  expect(error.message).toContain('why');
});

it.each([-3301, 1001, 70_001])('a stay that ends with %i is 5502, with that code', (code) => {
  const error = closingError(code, 'why');
  expect(error).toMatchObject({ code: 5500, extraCode: 5502, data: { code } });
  expect(error.message).toContain(`${code} why`);
});
