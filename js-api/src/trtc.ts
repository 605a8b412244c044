import type {
  EnterRoomConfig,
  LocalAudioConfig,
  LocalVideoConfig,
  RemoteVideoConfig,
  StopRemoteVideoConfig,
  StreamType,
  TrackQuery,
  TRTCOptions,
} from '../types/index';
import { AutoplayGuard } from './audio/autoplay-guard';
import { AudioOutput } from './audio/audio-output';
import { EVENT } from './constants/event';
import { ERROR_CODE } from './constants/error-code';
import { TYPE } from './constants/type';
import { VERSION } from './constants/version';
import { listDevices } from './devices/device-list';
import { getPermissions } from './devices/permissions';
import { detectSupport } from './devices/support';
import { RtcError, invalidOperation } from './errors/rtc-error';
import { deviceError } from './errors/device-error';
import { sessionError } from './errors/session-error';
import { LocalAudio } from './local/local-audio';
import { LocalVideo } from './local/local-video';
import { snapshot } from './player/snapshot';
import { RemoteUsers } from './remote/remote-users';
import { ClientContext } from './room/client';
import type { ClientEvents } from './room/events';
import { Room } from './room/room';
import { StatisticsReporter } from './statistics/reporter';
import { VolumeReporter } from './statistics/volume-reporter';
import { setLogLevel } from './util/logger';
import {
  validateLocalAudio,
  validateLocalVideo,
  validateMuteRemoteAudio,
  validateRemoteVideo,
  validateRemoteVolume,
} from './validation/media-rules';
import { validateEnterRoom } from './validation/room-rules';
import { validate } from './validation/rules';

type PermissionQuery = { request?: boolean; types?: ('camera' | 'microphone')[] };
type Handler<K extends keyof ClientEvents> = (...args: ClientEvents[K]) => void;

/** The API; what each method means is documented at its declaration, types/index.d.ts. */
export class TRTC {
  static readonly EVENT = EVENT;
  static readonly TYPE = TYPE;
  static readonly ERROR_CODE = ERROR_CODE;
  static readonly VERSION = VERSION;
  /** Set by UI kits; not used. */
  static frameWorkType = 0;

  private readonly context: ClientContext;
  private readonly room: Room;
  private readonly localAudio: LocalAudio;
  private readonly localVideo: LocalVideo;
  private readonly remotes: RemoteUsers;
  private readonly statistics: StatisticsReporter;
  private readonly volumes: VolumeReporter;
  private destroyed = false;

  private constructor(options: TRTCOptions) {
    const context = (this.context = new ClientContext(options));
    const autoplay = new AutoplayGuard(
      () => context.enableAutoPlayDialog,
      (userId, resume) =>
        context.emitter.emit(EVENT.AUTOPLAY_FAILED, { userId, mediaType: 'audio', resume }),
    );
    const room = (this.room = new Room(context, {
      onEntering: (params) => this.onEntering(params),
      onJoined: () => this.onJoined(),
      onUsers: (users) => users.forEach((user) => this.remotes.enter(user)),
      onNotification: (notification) => this.remotes.handle(notification),
      onUnpublished: (streamId, failure) => {
        this.localAudio.onUnpublished(streamId, failure);
        this.localVideo.onUnpublished(streamId, failure);
      },
      onLeft: () => this.onLeft(),
    }));
    this.localAudio = new LocalAudio(context, room, autoplay);
    this.localVideo = new LocalVideo(context, room);
    this.remotes = new RemoteUsers(context, room, autoplay);
    this.volumes = new VolumeReporter(context, this.localAudio, this.remotes);
    this.statistics = new StatisticsReporter(
      context,
      room,
      this.localAudio,
      this.localVideo,
      this.remotes,
    );
    void context.devices.start();
  }

  static create(options: TRTCOptions = {}): TRTC {
    // As the reference: iterating what is no array throws the engine's own TypeError.
    for (const plugin of options.plugins ?? []) void plugin;
    if (typeof document === 'undefined')
      throw new RtcError({
        name: 'ENV_NOT_SUPPORTED',
        functionName: 'create',
        message: 'create: TRTC works in browsers only',
      });
    return new TRTC(options);
  }

  static async isSupported() {
    return detectSupport();
  }

  static getCameraList(requestPermission = true) {
    return listDevices('videoinput', requestPermission, 'getCameraList');
  }

  static getMicrophoneList(requestPermission = true) {
    return listDevices('audioinput', requestPermission, 'getMicrophoneList');
  }

  static getSpeakerList(requestPermission = true) {
    return listDevices('audiooutput', requestPermission, 'getSpeakerList');
  }

  static async setCurrentSpeaker(speakerId: string): Promise<void> {
    const rule = { name: 'speakerId', type: 'string', required: true, notEmpty: true } as const;
    validate('setCurrentSpeaker', rule, speakerId);
    await AudioOutput.setSpeaker(speakerId).catch((error: unknown) => {
      throw deviceError(error, 'setCurrentSpeaker');
    });
  }

  static getPermissions({ request, types }: PermissionQuery = {}) {
    return getPermissions(request, types);
  }

  static setLogLevel(level: number, _enableUploadLog = true): void {
    validate(
      'setLogLevel',
      { name: 'level', type: 'number', required: true, min: 0, max: 5 },
      level,
    );
    setLogLevel(level);
  }

  enterRoom(params: EnterRoomConfig): Promise<void> {
    return this.run('enterRoom', async () => {
      validateEnterRoom(params);
      if (!detectSupport().detail.isBrowserSupported) throw unsupported();
      await this.room.join(params);
    });
  }

  exitRoom(): Promise<void> {
    return this.run('exitRoom', () => this.room.leave());
  }

  destroy(): void {
    if (this.destroyed) return;
    if (!this.room.idle)
      throw new RtcError({
        name: 'OPERATION_FAILED',
        functionName: 'destroy',
        message: 'destroy: leave the room first, with exitRoom()',
      });
    this.destroyed = true;
    this.localAudio.life.stop().catch(() => undefined);
    this.localVideo.life.stop().catch(() => undefined);
    this.volumes.stop();
    this.remotes.destroy();
    this.context.devices.stop();
    this.room.destroy();
    this.context.emitter.off('*');
  }

  startLocalAudio(config: LocalAudioConfig = {}): Promise<void> {
    return this.run('startLocalAudio', async () => {
      validateLocalAudio('startLocalAudio', config, false);
      await this.localAudio.life.start(config);
    });
  }

  updateLocalAudio(config: LocalAudioConfig): Promise<void> {
    return this.run('updateLocalAudio', async () => {
      validateLocalAudio('updateLocalAudio', config, true);
      await this.localAudio.life.update(config);
    });
  }

  stopLocalAudio(): Promise<void> {
    return this.run('stopLocalAudio', () => this.localAudio.life.stop());
  }

  startLocalVideo(config: LocalVideoConfig = {}): Promise<void> {
    return this.run('startLocalVideo', async () => {
      validateLocalVideo('startLocalVideo', config, false);
      await this.localVideo.life.start(config);
    });
  }

  updateLocalVideo(config: LocalVideoConfig): Promise<void> {
    return this.run('updateLocalVideo', async () => {
      validateLocalVideo('updateLocalVideo', config, true);
      await this.localVideo.life.update(config);
    });
  }

  stopLocalVideo(): Promise<void> {
    return this.run('stopLocalVideo', () => this.localVideo.life.stop());
  }

  startRemoteVideo(config: RemoteVideoConfig): Promise<void> {
    return this.run('startRemoteVideo', async () => {
      validateRemoteVideo('startRemoteVideo', config);
      await this.remotes.startVideo(config);
    });
  }

  updateRemoteVideo(config: RemoteVideoConfig): Promise<void> {
    return this.run('updateRemoteVideo', async () => {
      validateRemoteVideo('updateRemoteVideo', config);
      await this.remotes.updateVideo(config);
    });
  }

  stopRemoteVideo(config: StopRemoteVideoConfig): Promise<void> {
    return this.run('stopRemoteVideo', async () => {
      validateRemoteVideo('stopRemoteVideo', config);
      await this.remotes.stopVideo(config);
    });
  }

  muteRemoteAudio(userId: string, mute: boolean): Promise<void> {
    return this.run('muteRemoteAudio', async () => {
      validateMuteRemoteAudio(userId, mute);
      await this.remotes.mute(userId, mute);
    });
  }

  setRemoteAudioVolume(userId: string, volume: number): void {
    this.check('setRemoteAudioVolume');
    validateRemoteVolume(userId, volume);
    this.remotes.setVolume(userId, volume);
  }

  enableAudioVolumeEvaluation(interval?: number, enableInBackground?: boolean): void {
    this.check('enableAudioVolumeEvaluation');
    validate('enableAudioVolumeEvaluation', { name: 'interval', type: 'number' }, interval);
    this.volumes.enable(interval, enableInBackground);
  }

  getAudioTrack(query: TrackQuery | string = {}): MediaStreamTrack | null {
    const { userId, streamType, processed = false } = normalize(query);
    if (streamType === 'sub') return null;
    if (!userId) return this.localAudio.getTrack(processed);
    return this.remotes.find(userId)?.listener.track() ?? null;
  }

  getVideoTrack(query: TrackQuery | string = {}): MediaStreamTrack | null {
    const { userId, streamType } = normalize(query);
    if (userId) return this.remotes.video(userId, streamType)?.getTrack() ?? null;
    return streamType === 'main' ? this.localVideo.getTrack() : null;
  }

  getVideoSnapshot(query: TrackQuery | string = {}): string {
    const { userId, streamType } = normalize(query);
    if (userId) return snapshot(this.remotes.video(userId, streamType)?.shown);
    return snapshot(this.localVideo.shown);
  }

  on<K extends keyof ClientEvents>(event: K, handler: Handler<K>, context?: unknown): this {
    this.context.emitter.on(event, handler, context);
    return this;
  }

  once<K extends keyof ClientEvents>(event: K, handler: Handler<K>, context?: unknown): this {
    this.context.emitter.on(event, handler, context, true);
    return this;
  }

  off<K extends keyof ClientEvents>(event: K | '*', handler?: Handler<K>): this {
    this.context.emitter.off(event, handler);
    return this;
  }

  listeners<K extends keyof ClientEvents>(event: K): Handler<K>[] {
    return this.context.emitter.listeners(event);
  }

  eventNames(): (keyof ClientEvents)[] {
    return this.context.emitter.eventNames();
  }

  private onEntering(params: EnterRoomConfig): void {
    const { context, remotes } = this;
    context.enableAutoPlayDialog = params.enableAutoPlayDialog ?? context.enableAutoPlayDialog;
    remotes.preferences.autoReceive = params.autoReceiveAudio ?? true;
    remotes.autoReceiveVideo = params.autoReceiveVideo ?? false;
  }

  private onJoined(): void {
    this.localAudio.onRoomJoined();
    this.localVideo.onRoomJoined();
    this.statistics.start();
  }

  private onLeft(): void {
    this.statistics.stop();
    this.localAudio.onRoomLeft();
    this.localVideo.onRoomLeft();
    this.remotes.clear();
  }

  /** Every asynchronous method: not after destroy(), and what it rejects with is an RtcError. */
  private async run(functionName: string, action: () => Promise<void>): Promise<void> {
    this.check(functionName);
    try {
      await action();
    } catch (error) {
      throw sessionError(error, functionName);
    }
  }

  private check(functionName: string): void {
    if (this.destroyed)
      throw invalidOperation(
        functionName,
        'the instance was destroyed',
        ERROR_CODE.INVALID_OPERATION,
      );
  }
}

function normalize(query: TrackQuery | string) {
  const {
    userId = '',
    streamType = 'main',
    processed = false,
  } = typeof query === 'string' ? { userId: query } : (query as TrackQuery);
  return { userId, streamType: streamType as StreamType, processed };
}

function unsupported(): RtcError {
  const insecure = !window.isSecureContext;
  return new RtcError({
    name: 'ENV_NOT_SUPPORTED',
    extraCode: insecure ? 5201 : 5202,
    functionName: 'enterRoom',
    message: insecure
      ? 'enterRoom: needs a page over HTTPS or localhost'
      : 'enterRoom: this browser has no WebAssembly SIMD or no AudioWorklet; see TRTC.isSupported()',
  });
}
