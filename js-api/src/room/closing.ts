import { EXTRA } from '../constants/error-code';
import { RtcError } from '../errors/rtc-error';

/** What ends a stay for good, in words for the app's developer. */
const REASONS: Record<number, string> = {
  [-3301]: 'reconnecting did not succeed',
  1001: 'the gateway is shutting down for good',
};

/**
 * Why the stay ended in mid-call though the SDK reconnects: 5502. `code` is a close code or the error code
 * that reconnecting ended with (−3301: no way for 30 minutes); apps find it in `data`.
 */
export function closingError(code: number, reason: string): RtcError {
  const why = REASONS[code] ?? `the room could not be entered again`;
  return new RtcError({
    name: 'OPERATION_FAILED',
    extraCode: EXTRA.REJOIN_FAILED,
    message: `${why} (${[code, reason].filter(Boolean).join(' ')}); enter the room again`,
    data: { code },
  });
}
