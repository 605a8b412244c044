import { EXTRA } from '../constants/error-code';
import type { EngineFailure } from '../engine/messages';
import { RtcError, toRtcError } from './rtc-error';

/** A failure that the engine worker reported, as RtcError of the API call that it failed. */
export function sessionError(error: unknown, functionName: string): RtcError {
  const failure = (error as { failure?: EngineFailure }).failure;
  if (!failure) return toRtcError(error, functionName);
  const message = `${functionName}: ${failure.message}`;
  if (failure.kind === 'server') {
    return new RtcError({
      name: 'SERVER_ERROR',
      extraCode: failure.code,
      functionName,
      message: `${message} (${failure.code})`,
    });
  }
  return new RtcError({
    name: 'OPERATION_FAILED',
    functionName,
    message,
    extraCode: failure.kind === 'network' ? EXTRA.CONNECTION_FAILED : undefined,
    originError: error,
  });
}
