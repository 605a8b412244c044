import { RtcError } from '../errors/rtc-error';
import { assetUrl } from './assets';

/** Starts one of the SDK's workers. */
export function startWorker(path: string, assetsPath?: string): Worker {
  const url = assetUrl(path, assetsPath);
  try {
    return new Worker(url);
  } catch (cause) {
    throw new RtcError({
      name: 'INVALID_PARAMETER',
      functionName: 'create',
      message:
        `create: the browser does not start ${url}; workers must come from the page's own origin ` +
        `(${location.origin}): serve the SDK's files there and say where with ` +
        `TRTC.create({ assetsPath: '/where/they/are/' })`,
      originError: cause,
    });
  }
}
