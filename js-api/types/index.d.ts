/**
 * Ferry's browser SDK: real-time audio and video through your own gateway.
 * The shape follows trtc-sdk-v5; what differs is said in the comments.
 */

// ---- Options --------------------------------------------------------------------------------------

export interface TRTCOptions {
  /** Base URL of workers, worklets and *.wasm. Default: the folder that served the script. */
  assetsPath?: string;
  /** Built-in "click to hear" dialog when the browser blocks sound. Default true. */
  enableAutoPlayDialog?: boolean;
  /** Accepted for compatibility; plugins come with a later version. */
  plugins?: unknown[];
  /** Accepted for compatibility. */
  enableSEI?: boolean;
  volumeType?: number;
  enableAutoSwitchWhenRecapturing?: boolean;
  enableVolumeControlInIOS?: boolean;
  userDefineRecordId?: string;
}

export interface ProxyServer {
  /** Address of the gateway, e.g. `wss://rtc.example.com`. */
  websocketProxy?: string;
  /** Address of the gateway when `websocketProxy` is not given. */
  unifiedProxy?: string;
  /** Accepted and ignored: there is one address. */
  scheduleProxy?: string;
  loggerProxy?: string;
  webtransportProxy?: string;
  turnServer?: unknown;
  iceTransportPolicy?: string;
}

export type Scene = 'rtc' | 'live';
export type UserRole = 'anchor' | 'audience';
export type StreamType = 'main' | 'sub';
export type FillMode = 'contain' | 'cover' | 'fill';
export type View = string | HTMLElement | (string | HTMLElement)[] | null;

export interface EnterRoomConfig {
  sdkAppId: number;
  userId: string;
  userSig: string;
  /** 1…4294967294. One of `roomId` and `strRoomId` is needed; `roomId` wins. */
  roomId?: number;
  strRoomId?: string;
  /** Default 'rtc'. */
  scene?: Scene;
  /** Default 'anchor'; only meaningful in 'live'. */
  role?: UserRole;
  /** Hear everybody without asking. Default true. */
  autoReceiveAudio?: boolean;
  /** Receive every video before startRemoteVideo shows it. Default false. */
  autoReceiveVideo?: boolean;
  enableAutoPlayDialog?: boolean;
  /** The gateway. Default: the origin that served the script. */
  proxy?: string | ProxyServer;
  /**
   * How to reach the gateway. Default 'auto': WebTransport (UDP) or WebSocket (TCP), whichever connects
   * first, with a change of one for the other in mid call when that helps.
   */
  transport?: 'auto' | 'webtransport' | 'websocket';
  privateMapKey?: string;
  userDefineRecordId?: string;
  businessInfo?: string;
  latencyLevel?: number;
  /** Bounds of the jitter buffers' delay, in ms. */
  playoutDelay?: { min?: number; max?: number };
  quickStart?: unknown;
}

export interface AudioProfile {
  sampleRate: number;
  channelCount: number;
  /** kbps */
  bitrate: number;
}
export type AudioProfileName = 'standard' | 'standard-stereo' | 'high' | 'high-stereo';

export interface VideoProfile {
  width: number;
  height: number;
  frameRate: number;
  /** kbps */
  bitrate: number;
}
export type VideoProfileName =
  '120p' | '180p' | '240p' | '360p' | '480p' | '720p' | '1080p' | '1440p' | '4K';

export interface LocalAudioOption {
  microphoneId?: string;
  /** A track of your own instead of the microphone. */
  audioTrack?: MediaStreamTrack;
  /** ≥ 0, default 100; above 100 amplifies. */
  captureVolume?: number;
  /** 0–100, default 0: hear yourself. */
  earMonitorVolume?: number;
  /** Start only. Default 'standard'. */
  profile?: AudioProfileName | Partial<AudioProfile>;
  echoCancellation?: boolean;
  autoGainControl?: boolean;
  noiseSuppression?: boolean;
}
export interface LocalAudioConfig {
  /** Default true. */
  publish?: boolean;
  mute?: boolean | 'microphone';
  /** Keep reporting the local volume while muted. */
  muteKeepVolumeDetection?: boolean;
  option?: LocalAudioOption;
}
export type UpdateLocalAudioConfig = LocalAudioConfig;

export interface LocalVideoOption {
  cameraId?: string;
  useFrontCamera?: boolean;
  /** Default '480p'. */
  profile?: VideoProfileName | Partial<VideoProfile>;
  /**
   * The same pictures once more, smaller, for who shows them small: true is 160×120 at 15 fps and 100 kbps. Ignored with
   * a warning where it is larger than `profile`. Switching it while published publishes anew.
   */
  small?: boolean | VideoProfileName | Partial<VideoProfile>;
  /** Default 'cover'. */
  fillMode?: FillMode;
  /** Default 'view'; true means 'view'. */
  mirror?: boolean | 'view' | 'publish' | 'both';
  /** Accepted and ignored with a warning. */
  qosPreference?: 'smooth' | 'clear';
  /** A track of your own instead of the camera. */
  videoTrack?: MediaStreamTrack;
  avoidCropping?: boolean;
  /** Clockwise turn of the published picture. */
  rotation?: 0 | 90 | 180 | 270;
}
export interface LocalVideoConfig {
  /** Element, its id, several of them, or null for none. */
  view?: View;
  /** Default true. */
  publish?: boolean;
  forcePublish?: boolean;
  /** true sends nothing; a string is the URL of a picture to send instead of the camera. */
  mute?: boolean | string;
  option?: LocalVideoOption;
}
export type UpdateLocalVideoConfig = LocalVideoConfig;

export interface RemoteVideoOption {
  /** Default 'cover' for main, 'contain' for sub. */
  fillMode?: FillMode;
  mirror?: boolean;
  /**
   * Which size to receive, where the sender has two: true the small one, false the big one. By default the gateway
   * chooses, by the size of `view` and the network.
   */
  small?: boolean;
}
export interface RemoteVideoConfig {
  userId: string;
  streamType: StreamType;
  view?: View;
  option?: RemoteVideoOption;
}
export type UpdateRemoteVideoConfig = RemoteVideoConfig;
export interface StopRemoteVideoConfig {
  /** '*' stops everybody's. */
  userId: string;
  streamType?: StreamType;
}

export interface TrackQuery {
  /** '' or absent: yourself. */
  userId?: string;
  streamType?: StreamType;
  /** Of yourself: the track as it is published instead of the device's own. */
  processed?: boolean;
}

// ---- Results --------------------------------------------------------------------------------------

export interface SupportDetail {
  isBrowserSupported: boolean;
  /** Ferry needs no RTCPeerConnection: true where Ferry's own media path works. */
  isWebRTCSupported: boolean;
  isWebCodecsSupported: boolean;
  isMediaDevicesSupported: boolean;
  isScreenShareSupported: boolean;
  isSmallStreamSupported: boolean;
  isH264EncodeSupported: boolean;
  isH264DecodeSupported: boolean;
  isVp8EncodeSupported: boolean;
  isVp8DecodeSupported: boolean;
  isH265EncodeSupported: boolean;
  isH265DecodeSupported: boolean;
}

export interface VideoStatistic {
  width: number;
  height: number;
  frameRate: number;
  /** kbps */
  bitrate: number;
  videoType: 'big' | 'small' | 'sub';
}
export interface TRTCStatistics {
  /** ms between the page and the gateway. */
  rtt: number;
  /** Percent of packets lost on the way to and from the gateway. */
  upLoss: number;
  downLoss: number;
  /** Since enterRoom, signalling included. */
  bytesSent: number;
  bytesReceived: number;
  /** Of the connection in use; missing while there is none. */
  transport?: 'webtransport' | 'websocket';
  localStatistics: {
    audio: { /** kbps */ bitrate: number; /** 0–1 */ audioLevel: number };
    video: VideoStatistic[];
  };
  remoteStatistics: RemoteStatistic[];
}
export interface RemoteStatistic {
  userId: string;
  audio: {
    bitrate: number;
    audioLevel: number;
    /** ms */
    jitterBufferDelay: number;
  } & RemoteStreamExtras;
  video: (VideoStatistic & { jitterBufferDelay: number } & RemoteStreamExtras)[];
}
/** Beyond trtc-sdk-v5. */
export interface RemoteStreamExtras {
  /** Capture to playout by the clocks of both ends, ms: meaningful only when they are one machine's. */
  endToEndDelay?: number;
  /** Percent of the stream's packets lost in the last interval. */
  packetLoss?: number;
  /** Audio: percent of the last interval that was concealed. */
  concealment?: number;
}

export type ConnectionState = 'DISCONNECTED' | 'CONNECTING' | 'CONNECTED';
export type PlayState = 'PLAYING' | 'PAUSED' | 'STOPPED';
export type PlayStateReason = 'playing' | 'unmute' | 'pause' | 'mute' | 'ended';
export type PublishState = 'starting' | 'started' | 'stopped';

/** What the handlers of each event get. */
export interface TRTCEventTypes {
  error: [error: RtcError];
  'autoplay-failed': [
    event: { userId: string; mediaType: 'audio' | 'video' | 'screen'; resume(): Promise<void> },
  ];
  'kicked-out': [event: { reason: 'kick' | 'banned' | 'room_disband' }];
  'remote-user-enter': [event: { userId: string }];
  'remote-user-exit': [event: { userId: string; reason?: 0 | 1 | 2 | 3 }];
  'remote-audio-available': [event: { userId: string }];
  'remote-audio-unavailable': [event: { userId: string }];
  'remote-video-available': [event: { userId: string; streamType: StreamType }];
  'remote-video-unavailable': [event: { userId: string; streamType: StreamType }];
  'audio-volume': [event: { result: { userId: string; volume: number; floatVolume: number }[] }];
  'network-quality': [
    event: {
      uplinkNetworkQuality: number;
      downlinkNetworkQuality: number;
      uplinkRTT: number;
      uplinkLoss: number;
      downlinkRTT: number;
      downlinkLoss: number;
    },
  ];
  'connection-state-changed': [
    event: { prevState: ConnectionState; state: ConnectionState; isReconnecting?: boolean },
  ];
  'audio-play-state-changed': [
    event: { userId: string; state: PlayState; reason: PlayStateReason },
  ];
  'video-play-state-changed': [
    event: { userId: string; streamType: StreamType; state: PlayState; reason: PlayStateReason },
  ];
  'device-changed': [
    event: {
      type: 'camera' | 'microphone' | 'speaker';
      action: 'add' | 'remove' | 'active';
      device: MediaDeviceInfo;
    },
  ];
  'publish-state-changed': [
    event: {
      mediaType: 'audio' | 'video' | 'screen';
      state: PublishState;
      prevState: PublishState;
      reason?: 'timeout' | 'error' | 'api-call';
      error?: RtcError;
    },
  ];
  track: [
    event: {
      userId: string;
      streamType?: StreamType;
      track: MediaStreamTrack;
      sourceTrack: MediaStreamTrack;
    },
  ];
  statistics: [statistics: TRTCStatistics];
  'first-video-frame': [
    event: { userId: string; streamType: StreamType; width: number; height: number },
  ];
  'video-size-changed': [
    event: { userId: string; streamType: StreamType; newWidth: number; newHeight: number },
  ];
}

// ---- Constants ------------------------------------------------------------------------------------

export declare enum LOG_LEVEL {
  TRACE = 0,
  DEBUG = 1,
  INFO = 2,
  WARN = 3,
  ERROR = 4,
  NONE = 5,
}
export declare const audioProfileMap: Record<AudioProfileName, AudioProfile>;
export declare const videoProfileMap: Record<VideoProfileName, VideoProfile>;

export interface TRTCEvent {
  readonly ERROR: 'error';
  readonly AUTOPLAY_FAILED: 'autoplay-failed';
  readonly KICKED_OUT: 'kicked-out';
  readonly REMOTE_USER_ENTER: 'remote-user-enter';
  readonly REMOTE_USER_EXIT: 'remote-user-exit';
  readonly REMOTE_AUDIO_AVAILABLE: 'remote-audio-available';
  readonly REMOTE_AUDIO_UNAVAILABLE: 'remote-audio-unavailable';
  readonly REMOTE_VIDEO_AVAILABLE: 'remote-video-available';
  readonly REMOTE_VIDEO_UNAVAILABLE: 'remote-video-unavailable';
  readonly AUDIO_VOLUME: 'audio-volume';
  readonly NETWORK_QUALITY: 'network-quality';
  readonly CONNECTION_STATE_CHANGED: 'connection-state-changed';
  readonly AUDIO_PLAY_STATE_CHANGED: 'audio-play-state-changed';
  readonly VIDEO_PLAY_STATE_CHANGED: 'video-play-state-changed';
  readonly DEVICE_CHANGED: 'device-changed';
  readonly PUBLISH_STATE_CHANGED: 'publish-state-changed';
  readonly TRACK: 'track';
  readonly STATISTICS: 'statistics';
  readonly FIRST_VIDEO_FRAME: 'first-video-frame';
  readonly VIDEO_SIZE_CHANGED: 'video-size-changed';
}

export interface TRTCType {
  readonly SCENE_LIVE: 'live';
  readonly SCENE_RTC: 'rtc';
  readonly ROLE_ANCHOR: 'anchor';
  readonly ROLE_AUDIENCE: 'audience';
  readonly STREAM_TYPE_MAIN: 'main';
  readonly STREAM_TYPE_SUB: 'sub';
  readonly AUDIO_PROFILE_STANDARD: 'standard';
  readonly AUDIO_PROFILE_STANDARD_STEREO: 'standard-stereo';
  readonly AUDIO_PROFILE_HIGH: 'high';
  readonly AUDIO_PROFILE_HIGH_STEREO: 'high-stereo';
  readonly QOS_PREFERENCE_SMOOTH: 'smooth';
  readonly QOS_PREFERENCE_CLEAR: 'clear';
  readonly SPEAKER: 'Speakerphone';
  readonly HEADSET: 'Headset earpiece';
}

export interface TRTCErrorCode {
  readonly INVALID_PARAMETER: 5000;
  readonly INVALID_OPERATION: 5100;
  readonly ENV_NOT_SUPPORTED: 5200;
  readonly DEVICE_ERROR: 5300;
  readonly SERVER_ERROR: 5400;
  readonly OPERATION_FAILED: 5500;
  readonly OPERATION_ABORT: 5998;
  readonly UNKNOWN_ERROR: 5999;
}

/** Every error the SDK raises or emits. */
export declare class RtcError extends Error {
  /** The code's name, e.g. 'INVALID_PARAMETER'. */
  readonly name: string;
  readonly code: number;
  /** What exactly, e.g. 5302 (NotAllowedError), or the gateway's own code. */
  readonly extraCode?: number;
  readonly functionName: string;
  /** Something the app may call to help the user, where there is something. */
  readonly handler?: () => void;
  readonly data?: unknown;
  readonly originError?: unknown;
}

// ---- The class ------------------------------------------------------------------------------------

export type TRTCEventHandler<K extends keyof TRTCEventTypes> = (...args: TRTCEventTypes[K]) => void;

declare class TRTC {
  private constructor();

  /** A new, independent instance; any number per page. */
  static create(options?: TRTCOptions): TRTC;
  static isSupported(): Promise<{ result: boolean; detail: SupportDetail }>;
  /** With `requestPermission` the device may be opened for a moment, to obtain its label. */
  static getCameraList(requestPermission?: boolean): Promise<MediaDeviceInfo[]>;
  static getMicrophoneList(requestPermission?: boolean): Promise<MediaDeviceInfo[]>;
  static getSpeakerList(requestPermission?: boolean): Promise<MediaDeviceInfo[]>;
  /** Sends all sound of the page's instances, present and future, to this device. */
  static setCurrentSpeaker(speakerId: string): Promise<void>;
  /** null: the browser cannot tell. */
  static getPermissions(options?: {
    request?: boolean;
    types?: ('camera' | 'microphone')[];
  }): Promise<{ camera?: PermissionState | null; microphone?: PermissionState | null }>;
  /** Default INFO. */
  static setLogLevel(level: LOG_LEVEL | 0 | 1 | 2 | 3 | 4 | 5, enableUploadLog?: boolean): void;

  static readonly EVENT: TRTCEvent;
  static readonly TYPE: TRTCType;
  static readonly ERROR_CODE: TRTCErrorCode;
  static readonly VERSION: string;
  static frameWorkType: number;

  enterRoom(params: EnterRoomConfig): Promise<void>;
  exitRoom(): Promise<void>;
  /** Ends the instance; not while it is in a room. */
  destroy(): void;

  startLocalAudio(config?: LocalAudioConfig): Promise<void>;
  updateLocalAudio(config: UpdateLocalAudioConfig): Promise<void>;
  stopLocalAudio(): Promise<void>;

  startLocalVideo(config?: LocalVideoConfig): Promise<void>;
  updateLocalVideo(config: UpdateLocalVideoConfig): Promise<void>;
  stopLocalVideo(): Promise<void>;

  startRemoteVideo(config: RemoteVideoConfig): Promise<void>;
  updateRemoteVideo(config: UpdateRemoteVideoConfig): Promise<void>;
  stopRemoteVideo(config: StopRemoteVideoConfig): Promise<void>;

  /** '*' is everybody. Valid before and in a room; forgotten by exitRoom. */
  muteRemoteAudio(userId: string, mute: boolean): Promise<void>;
  /** ≥ 0, default 100; above 100 amplifies. */
  setRemoteAudioVolume(userId: string, volume: number): void;
  /** AUDIO_VOLUME every `interval` ms (at least 100); 0 or less ends it. */
  enableAudioVolumeEvaluation(interval?: number, enableInBackground?: boolean): void;

  getAudioTrack(query?: TrackQuery | string): MediaStreamTrack | null;
  getVideoTrack(query?: TrackQuery | string): MediaStreamTrack | null;
  /** PNG as data URL; '' when nothing plays. */
  getVideoSnapshot(query?: TrackQuery | string): string;

  on<K extends keyof TRTCEventTypes>(
    event: K,
    handler: TRTCEventHandler<K>,
    context?: unknown,
  ): this;
  once<K extends keyof TRTCEventTypes>(
    event: K,
    handler: TRTCEventHandler<K>,
    context?: unknown,
  ): this;
  /** `off('*')` removes every handler. */
  off<K extends keyof TRTCEventTypes>(event: K, handler?: TRTCEventHandler<K>): this;
  off(event: '*'): this;
  listeners<K extends keyof TRTCEventTypes>(event: K): TRTCEventHandler<K>[];
  eventNames(): (keyof TRTCEventTypes)[];
}

export default TRTC;
export { TRTC };
