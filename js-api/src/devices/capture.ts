import type { LocalAudioOption, LocalVideoOption, VideoProfile } from '../../types/index';
import { deviceError } from '../errors/device-error';
import { mediaDevices } from './device-list';

/** Opens a microphone. The browser's own processing is on unless it was switched off. */
export async function openMicrophone(
  option: LocalAudioOption,
  channelCount: number,
  functionName: string,
): Promise<MediaStreamTrack> {
  const constraints: MediaTrackConstraints = {
    echoCancellation: option.echoCancellation ?? true,
    autoGainControl: option.autoGainControl ?? true,
    noiseSuppression: option.noiseSuppression ?? true,
    channelCount: { ideal: channelCount },
    sampleRate: { ideal: 48_000 },
    ...(option.microphoneId && { deviceId: { exact: option.microphoneId } }),
  };
  return open({ audio: constraints }, functionName);
}

/** Opens a camera with the profile's size and rate as preference. */
export async function openCamera(
  option: LocalVideoOption,
  profile: VideoProfile,
  functionName: string,
): Promise<MediaStreamTrack> {
  const constraints: MediaTrackConstraints & { resizeMode?: string } = {
    width: { ideal: profile.width },
    height: { ideal: profile.height },
    frameRate: { ideal: profile.frameRate },
    ...(option.avoidCropping && { resizeMode: 'none' }),
  };
  if (option.cameraId) constraints.deviceId = { exact: option.cameraId };
  else if (option.useFrontCamera !== undefined)
    constraints.facingMode = option.useFrontCamera ? 'user' : 'environment';
  return open({ video: constraints }, functionName);
}

async function open(
  constraints: MediaStreamConstraints,
  functionName: string,
): Promise<MediaStreamTrack> {
  const devices = mediaDevices(functionName);
  try {
    const stream = await devices.getUserMedia(constraints);
    return stream.getTracks()[0] as MediaStreamTrack;
  } catch (error) {
    throw deviceError(error, functionName);
  }
}
