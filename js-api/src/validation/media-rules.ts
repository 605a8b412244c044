import { EXTRA } from '../constants/error-code';
import { validate, type Fail, type Rule } from './rules';

/** An element, its id, several of them, or null. */
function checkView(value: unknown, fail: Fail): void {
  for (const view of [value].flat()) {
    if (view === null) continue;
    if (typeof view === 'string') {
      if (!document.getElementById(view)) fail(EXTRA.ELEMENT_NOT_FOUND, 'is no id of an element');
    } else if (!(typeof HTMLElement !== 'undefined' && view instanceof HTMLElement)) {
      fail(EXTRA.NOT_AN_ELEMENT, 'must be an HTMLElement or the id of one');
    }
  }
}

const checkTrack =
  (kind: 'audio' | 'video') =>
  (value: unknown, fail: Fail): void => {
    if (value === null) return;
    const isTrack = typeof MediaStreamTrack !== 'undefined' && value instanceof MediaStreamTrack;
    if (!isTrack || value.kind !== kind)
      fail(EXTRA.WRONG_CLASS, `must be a MediaStreamTrack of ${kind}`);
  };

const view: Rule = { name: 'view', custom: checkView };
const fillMode: Rule = { name: 'fillMode', values: ['contain', 'cover', 'fill'] };
const userId: Rule = { name: 'userId', type: 'string', required: true, notEmpty: true };

/** A profile is a name, known or not, or an object of positive numbers. */
const profile = (names: string[]): Rule => ({
  name: 'profile',
  type: ['string', 'object'],
  properties: names.map((name) => ({ name, type: 'number', min: 0 })),
});

const localAudio: Rule = {
  name: 'config',
  type: 'object',
  properties: [
    { name: 'publish', type: 'boolean' },
    {
      name: 'mute',
      type: ['boolean', 'string'],
      custom: (value, fail) => {
        if (typeof value === 'string' && value !== 'microphone')
          fail(EXTRA.NOT_ALLOWED_VALUE, `must be a boolean or 'microphone'`);
      },
    },
    { name: 'muteKeepVolumeDetection', type: 'boolean' },
    {
      name: 'option',
      type: 'object',
      properties: [
        { name: 'microphoneId', type: 'string', notEmpty: true },
        { name: 'audioTrack', custom: checkTrack('audio') },
        { name: 'captureVolume', type: 'number', min: 0 },
        { name: 'earMonitorVolume', type: 'number', min: 0, max: 100 },
        profile(['sampleRate', 'channelCount', 'bitrate']),
        { name: 'echoCancellation', type: ['boolean', 'string'] },
        { name: 'autoGainControl', type: 'boolean' },
        { name: 'noiseSuppression', type: 'boolean' },
      ],
    },
  ],
};

const localVideo: Rule = {
  name: 'config',
  type: 'object',
  properties: [
    view,
    { name: 'publish', type: 'boolean' },
    { name: 'mute', type: ['boolean', 'string'], notEmpty: true },
    {
      name: 'option',
      type: 'object',
      properties: [
        { name: 'cameraId', type: 'string', notEmpty: true },
        { name: 'useFrontCamera', type: 'boolean' },
        { name: 'videoTrack', custom: checkTrack('video') },
        profile(['width', 'height', 'frameRate', 'bitrate']),
        {
          ...profile(['width', 'height', 'frameRate', 'bitrate']),
          ...{ name: 'small', type: ['boolean', 'string', 'object'] },
        },
        fillMode,
        { name: 'mirror', values: [true, false, 'view', 'publish', 'both'] },
        { name: 'qosPreference', values: ['smooth', 'clear'] },
      ],
    },
  ],
};

const remoteVideo: Rule = {
  name: 'config',
  type: 'object',
  required: true,
  properties: [
    userId,
    {
      name: 'streamType',
      custom: (value, fail) => {
        if (value !== 'main' && value !== 'sub')
          fail(EXTRA.NOT_ALLOWED_VALUE, `must be 'main' or 'sub'`);
      },
    },
    view,
    {
      name: 'option',
      type: 'object',
      properties: [
        fillMode,
        { name: 'mirror', type: 'boolean' },
        { name: 'small', type: 'boolean' },
      ],
    },
  ],
};

export const validateLocalAudio = (fn: string, config: unknown, required: boolean): void =>
  validate(fn, { ...localAudio, required }, config);

export const validateLocalVideo = (fn: string, config: unknown, required: boolean): void =>
  validate(fn, { ...localVideo, required }, config);

/** `streamType` is needed unless everybody ('*') is meant, which only stopping allows. */
export function validateRemoteVideo(fn: string, config: unknown): void {
  validate(fn, remoteVideo, config);
  const { userId: user, streamType } = config as { userId: string; streamType?: string };
  const all = fn === 'stopRemoteVideo' && user === '*';
  const needed: Rule = {
    name: 'streamType',
    custom: (value, fail) => {
      if (value === null) fail(EXTRA.STREAM_TYPE_NEEDED, `is needed: 'main' or 'sub'`);
    },
  };
  if (!all) validate(fn, needed, streamType ?? null);
}

export function validateMuteRemoteAudio(user: unknown, mute: unknown): void {
  validate('muteRemoteAudio', userId, user);
  validate('muteRemoteAudio', { name: 'mute', type: 'boolean', required: true }, mute);
}

export function validateRemoteVolume(user: unknown, volume: unknown): void {
  validate('setRemoteAudioVolume', userId, user);
  validate(
    'setRemoteAudioVolume',
    { name: 'volume', type: 'number', required: true, min: 0 },
    volume,
  );
}
