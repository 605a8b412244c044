import { EXTRA } from '../constants/error-code';
import { RtcError } from './rtc-error';

const EXTRA_CODES: Record<string, number> = {
  NotFoundError: 5301,
  NotAllowedError: 5302,
  NotReadableError: 5303,
  OverconstrainedError: 5304,
  InvalidStateError: 5305,
  SecurityError: 5306,
  AbortError: 5307,
  // Firefox, when a track and the AudioContext run at different rates.
  NotSupportedError: 5310,
};

const ADVICE: Record<string, string> = {
  NotFoundError: 'no such device is connected',
  NotAllowedError: 'permission was refused, by the user, the page or the system',
  NotReadableError: 'the device is in use elsewhere or failed',
  OverconstrainedError: 'no device fits: check the device id',
};

/** What getUserMedia threw, as DEVICE_ERROR. */
export function deviceError(error: unknown, functionName: string): RtcError {
  if (error instanceof RtcError) return error;
  const { name = '', message = '' } = (error ?? {}) as { name?: string; message?: string };
  const extraCode = EXTRA_CODES[name];
  const advice = ADVICE[name];
  const handler = name === 'NotAllowedError' ? systemSettings() : undefined;
  return new RtcError({
    name: 'DEVICE_ERROR',
    functionName,
    message: `${functionName}: ${[name, advice, message].filter(Boolean).join(', ')}`,
    originError: error,
    ...(extraCode !== undefined && { extraCode }),
    ...(handler && { handler }),
  });
}

/** A device that was lost and could not be opened again. */
export function recoveryError(kind: 'camera' | 'microphone', cause: unknown): RtcError {
  return new RtcError({
    name: 'DEVICE_ERROR',
    extraCode: kind === 'camera' ? EXTRA.CAMERA_RECOVERY_FAILED : EXTRA.MICROPHONE_RECOVERY_FAILED,
    message: `the ${kind} was lost and could not be opened again`,
    originError: cause,
  });
}

/** Opens the system's privacy settings, on systems whose settings have an address. */
function systemSettings(): (() => void) | undefined {
  if (typeof navigator === 'undefined') return undefined;
  const url = /Windows/.test(navigator.userAgent)
    ? 'ms-settings:privacy-webcam'
    : /Macintosh/.test(navigator.userAgent)
      ? 'x-apple.systempreferences:com.apple.preference.security?Privacy_Camera'
      : '';
  return url ? () => void window.open(url, '_self') : undefined;
}
