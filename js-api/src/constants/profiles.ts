import type {
  AudioProfile,
  AudioProfileName,
  VideoProfile,
  VideoProfileName,
} from '../../types/index';

const audio = (channelCount: number, bitrate: number): AudioProfile => ({
  sampleRate: 48_000,
  channelCount,
  bitrate,
});
const video = (
  width: number,
  height: number,
  frameRate: number,
  bitrate: number,
): VideoProfile => ({ width, height, frameRate, bitrate });

export const audioProfileMap: Record<AudioProfileName, AudioProfile> = {
  standard: audio(1, 40),
  'standard-stereo': audio(2, 64),
  high: audio(1, 128),
  'high-stereo': audio(2, 192),
};

export const videoProfileMap: Record<VideoProfileName, VideoProfile> = {
  '120p': video(160, 120, 15, 200),
  '180p': video(320, 180, 15, 350),
  '240p': video(320, 240, 15, 400),
  '360p': video(640, 360, 15, 800),
  '480p': video(640, 480, 15, 900),
  '720p': video(1280, 720, 15, 1500),
  '1080p': video(1920, 1080, 15, 2000),
  '1440p': video(2560, 1440, 30, 4860),
  '4K': video(3840, 2160, 30, 9000),
};

/** Unknown names and missing members mean the default, as in trtc-sdk-v5. */
export function resolveVideoProfile(
  profile?: string | Partial<VideoProfile>,
  base: VideoProfile = videoProfileMap['480p'],
): VideoProfile {
  if (typeof profile === 'string') return videoProfileMap[profile as VideoProfileName] ?? base;
  const known = Object.entries(profile ?? {}).filter(([, v]) => typeof v === 'number' && v > 0);
  return { ...base, ...Object.fromEntries(known) };
}

/** What `small: true` means. */
const SMALL: VideoProfile = video(160, 120, 15, 100);

/**
 * The second, smaller size of a local video; undefined for none. It must not be larger than the main one in
 * area, frame rate or bitrate: null says that it is, and is to be ignored.
 */
export function resolveSmallProfile(
  small: boolean | string | Partial<VideoProfile> | undefined,
  main: VideoProfile,
): VideoProfile | undefined | null {
  if (!small) return undefined;
  const profile = small === true ? SMALL : resolveVideoProfile(small, SMALL);
  const fits =
    profile.width * profile.height <= main.width * main.height &&
    profile.frameRate <= main.frameRate &&
    profile.bitrate <= main.bitrate;
  return fits ? profile : null;
}

export function resolveAudioProfile(profile?: string | Partial<AudioProfile>): AudioProfile {
  const base = audioProfileMap.standard;
  if (typeof profile === 'string') return audioProfileMap[profile as AudioProfileName] ?? base;
  const merged = { ...base, ...profile };
  return { ...merged, sampleRate: 48_000, channelCount: merged.channelCount === 2 ? 2 : 1 };
}
