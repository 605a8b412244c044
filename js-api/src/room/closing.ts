import { EXTRA } from '../constants/error-code';
import { RtcError } from '../errors/rtc-error';

/** docs/protocol.md §1, in words for the app's developer. */
const REASONS: Record<number, string> = {
  1001: 'the gateway is shutting down',
  1006: 'the connection to the gateway broke',
  1009: 'a message was too large for the gateway',
  4001: 'the same user entered again elsewhere',
  4002: 'the gateway waited too long for the entry',
  4003: 'the gateway refused too many messages',
  4004: 'this page reads too slowly',
  4005: 'the connection to the gateway went silent',
};
const ABNORMAL = 1006;
const SILENT = 4005;

/** Why the connection ended in mid-call: 5501 when the network broke it, 5502 when the gateway closed it. */
export function closingError(code: number, reason: string): RtcError {
  const why = REASONS[code] ?? `the gateway closed the connection`;
  const network = code === ABNORMAL || code === SILENT;
  return new RtcError({
    name: 'OPERATION_FAILED',
    extraCode: network ? EXTRA.CONNECTION_FAILED : EXTRA.REJOIN_FAILED,
    message: `${why} (${[code, reason].filter(Boolean).join(' ')}); enter the room again`,
  });
}
