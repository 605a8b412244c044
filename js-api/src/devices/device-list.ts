import { EXTRA } from '../constants/error-code';
import { deviceError } from '../errors/device-error';
import { RtcError } from '../errors/rtc-error';

/** The page's MediaDevices; ENV_NOT_SUPPORTED on a page over plain HTTP, which has none. */
export function mediaDevices(functionName: string): MediaDevices {
  const devices = typeof navigator === 'undefined' ? undefined : navigator.mediaDevices;
  if (devices) return devices;
  const insecure = typeof window !== 'undefined' && !window.isSecureContext;
  throw new RtcError({
    name: 'ENV_NOT_SUPPORTED',
    extraCode: insecure ? EXTRA.INSECURE_PAGE : EXTRA.NO_MEDIA_PATH,
    functionName,
    message: `${functionName}: cameras and microphones need ${insecure ? 'a page over HTTPS or localhost' : 'a browser with getUserMedia'}`,
  });
}

/** Devices of one kind, never cached. Labels need permission: `request` may open the device for a moment. */
export async function listDevices(
  kind: MediaDeviceKind,
  request: boolean,
  functionName: string,
): Promise<MediaDeviceInfo[]> {
  const devices = mediaDevices(functionName);
  const ofKind = async () =>
    (await devices.enumerateDevices()).filter((device) => device.kind === kind);
  const list = await ofKind();
  if (!request || list.length === 0 || list.some(({ label }) => label !== '')) return list;
  await openForMoment(kind === 'videoinput' ? 'video' : 'audio', functionName);
  return ofKind();
}

/** Asks for permission. */
export async function openForMoment(kind: 'audio' | 'video', functionName: string): Promise<void> {
  try {
    const stream = await mediaDevices(functionName).getUserMedia({ [kind]: true });
    for (const track of stream.getTracks()) track.stop();
  } catch (error) {
    throw deviceError(error, functionName);
  }
}
