import type { LocalVideoConfig, LocalVideoOption, View } from '../../types/index';
import { EVENT } from '../constants/event';
import { resolveSmallProfile, resolveVideoProfile } from '../constants/profiles';
import { openCamera } from '../devices/capture';
import { PlayerSet } from '../player/player-set';
import type { EngineFailure, PublishRequest } from '../engine/messages';
import type { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { LifeCycle } from '../util/life-cycle';
import { logger } from '../util/logger';
import { mergeConfig, sameConfig } from '../util/merge';
import type { EncoderStats } from '../video/messages';
import { Publisher } from './publisher';
import { StallWatch } from './stall-watch';
import { TrackWatch } from './track-watch';
import { CODEC, VideoEncoding, encodingsOf } from './video-encoding';

const log = logger('local video');
/** startLocalVideo waits this long for the preview's first picture, and no longer. */
const PREVIEW_PATIENCE_MS = 1000;

/** The camera, or a track of the app's own: preview and publication. */
export class LocalVideo {
  readonly life: LifeCycle<LocalVideoConfig, LocalVideoConfig>;
  private readonly publisher: Publisher;
  private readonly players: PlayerSet;
  private config: LocalVideoConfig = {};
  private track: MediaStreamTrack | undefined;
  /** The track is a camera that we opened; a track of the app's is the app's to stop. */
  private isDevice = false;
  private watch: TrackWatch | undefined;
  private stallWatch: StallWatch | undefined;
  private encoding: VideoEncoding | undefined;
  private size = { width: 0, height: 0 };

  constructor(
    private readonly context: ClientContext,
    private readonly room: Room,
  ) {
    this.publisher = new Publisher(context, room, 'video');
    this.players = new PlayerSet({ fillMode: 'cover', mirror: true }, (state, reason) =>
      context.emitter.emit(EVENT.VIDEO_PLAY_STATE_CHANGED, {
        userId: '',
        streamType: 'main',
        state,
        reason,
      }),
    );
    this.life = new LifeCycle<LocalVideoConfig, LocalVideoConfig>({
      names: { start: 'startLocalVideo', update: 'updateLocalVideo', stop: 'stopLocalVideo' },
      start: (config) => this.start(config),
      update: (config) => this.update(config),
      stop: () => this.stop(),
      merge: mergeConfig,
      same: sameConfig,
    });
  }

  get streamId(): string | undefined {
    return this.publisher.streamId;
  }

  getTrack(): MediaStreamTrack | null {
    return this.track ?? null;
  }

  get shown(): HTMLVideoElement | undefined {
    return this.players.first?.video;
  }

  async stats(): Promise<EncoderStats | undefined> {
    return this.publisher.active ? this.encoding?.stats() : undefined;
  }

  onRoomJoined(): void {
    // A refusal was told by PUBLISH_STATE_CHANGED.
    if (this.track && this.wantsPublish) this.publish('startLocalVideo').catch(() => undefined);
  }

  onRoomLeft(): void {
    this.publisher.reset();
    this.encoding?.disconnect();
  }

  onUnpublished(streamId: string, failure: EngineFailure): void {
    if (streamId !== this.streamId) return;
    this.encoding?.disconnect();
    this.publisher.lost(failure);
  }

  private get option(): LocalVideoOption {
    return this.config.option ?? {};
  }

  private get muted(): boolean {
    return this.config.mute === true;
  }

  private get wantsPublish(): boolean {
    return this.config.publish !== false;
  }

  private async start(config: LocalVideoConfig): Promise<void> {
    this.config = mergeConfig({}, config);
    warnOfIgnored(this.option);
    if (this.wantsPublish && this.room.joined) this.publisher.refuseAudience('startLocalVideo');
    try {
      // The codec loads while the camera opens.
      this.encoding = new VideoEncoding(this.context, config);
      this.use(await this.open('startLocalVideo'));
      this.apply();
      this.showViews(config.view);
      this.tellTrack();
      this.stallWatch = new StallWatch(
        () => this.picturesRead(),
        () => void this.watch?.recover('same'),
      );
      const publishing = this.readAndPublish('startLocalVideo');
      await Promise.all([this.tellFirstPicture(), publishing]);
    } catch (error) {
      // The publication may be under way, or there already, when the pictures cannot be read.
      await this.stop();
      throw error;
    }
  }

  private async readAndPublish(functionName: string): Promise<void> {
    const { encoding, track } = this;
    if (!encoding || !track) return;
    if (typeof this.config.mute === 'string') await encoding.setStill(this.config.mute);
    const publishing =
      this.wantsPublish && this.room.joined ? this.publish(functionName) : Promise.resolve();
    await Promise.all([encoding.read(track), encoding.apply(this.config), publishing]);
  }

  private async update(config: LocalVideoConfig): Promise<void> {
    const before = this.config;
    this.config = mergeConfig(before, config);
    const { option = {} } = config;
    warnOfIgnored({ ...option, profile: this.option.profile });
    const other = (name: 'cameraId' | 'useFrontCamera' | 'videoTrack') =>
      option[name] !== undefined && option[name] !== before.option?.[name];
    if ((other('cameraId') || other('useFrontCamera')) && this.config.option && !option.videoTrack)
      delete this.config.option.videoTrack;
    try {
      if (config.mute !== undefined && config.mute !== before.mute)
        await this.encoding?.setStill(typeof config.mute === 'string' ? config.mute : undefined);
      if (other('cameraId') || other('useFrontCamera') || other('videoTrack'))
        await this.replaceTrack(await this.reopen('updateLocalVideo'));
      else if (option.profile !== undefined) await this.adaptCamera();
    } catch (error) {
      this.config = before;
      if (this.releaseFailed) await this.watch?.recover('same');
      throw error;
    }
    if (config.view !== undefined) this.showViews(config.view);
    this.apply();
    await this.encoding?.apply(this.config);
    await this.updatePublication(before);
  }

  private async updatePublication(before: LocalVideoConfig): Promise<void> {
    if (!this.room.joined) return;
    this.publisher.setBitrate(this.bitrateBps);
    if (!this.wantsPublish) await this.unpublish();
    else if (!this.publisher.active) await this.publish('updateLocalVideo');
    else if (smallOf(before.option) !== smallOf(this.option)) {
      // The sizes of a stream are told when it is published.
      await this.unpublish();
      await this.publish('updateLocalVideo');
    } else if ((before.mute === true) !== this.muted) await this.publisher.setMuted(this.muted);
  }

  private async stop(): Promise<void> {
    await this.unpublish();
    this.release();
  }

  private open(functionName: string): Promise<MediaStreamTrack> {
    const { videoTrack, profile } = this.option;
    if (videoTrack) return Promise.resolve(videoTrack);
    return openCamera(this.option, resolveVideoProfile(profile), functionName);
  }

  /** Opens what the options name. Many phones open one camera at a time: the old one goes first. */
  private reopen(functionName: string): Promise<MediaStreamTrack> {
    if (this.isDevice && !this.option.videoTrack) this.track?.stop();
    return this.open(functionName);
  }

  /** The camera was stopped for another one, which did not open. */
  private get releaseFailed(): boolean {
    return this.isDevice && this.track?.readyState === 'ended';
  }

  private async replaceTrack(track: MediaStreamTrack): Promise<void> {
    this.use(track);
    this.apply();
    this.tellTrack();
    await this.encoding?.read(track);
  }

  private use(track: MediaStreamTrack): void {
    this.letGo();
    this.track = track;
    this.isDevice = track !== this.option.videoTrack;
    this.players.show(track);
    if (!this.isDevice) return;
    this.watch = new TrackWatch(track, 'camera', {
      onMuted: (muted) =>
        this.players.tell(muted ? 'PAUSED' : 'PLAYING', muted ? 'mute' : 'unmute'),
      open: (which) => {
        if (which === 'any') delete this.option.cameraId;
        return this.reopen('startLocalVideo');
      },
      use: (next) => this.replaceTrack(next),
      onFailed: (error) => this.context.fail(error),
    });
  }

  /** A new profile for the camera that runs: constraints where it takes them; the encoder scales anyway. */
  private async adaptCamera(): Promise<void> {
    if (!this.isDevice) return;
    const { width, height, frameRate } = resolveVideoProfile(this.option.profile);
    await this.track
      ?.applyConstraints({
        width: { ideal: width },
        height: { ideal: height },
        frameRate: { ideal: frameRate },
      })
      .catch((error: unknown) => log.warn('the camera does not take the profile', error));
  }

  private apply(): void {
    const { fillMode = 'cover', mirror = 'view' } = this.option;
    this.players.update({
      fillMode,
      mirror: mirror === true || mirror === 'view' || mirror === 'both',
    });
    if (this.track && this.isDevice) this.track.enabled = !this.muted;
  }

  private tellTrack(): void {
    const { track, isDevice, context } = this;
    if (!track) return;
    const event = { userId: '', streamType: 'main' as const, track, sourceTrack: track };
    context.emitter.emit(EVENT.TRACK, event);
    if (isDevice) void context.devices.active('videoinput', track.getSettings().deviceId);
  }

  private showViews(view: View | undefined): void {
    this.players.setViews(view);
    const video = this.players.first?.video;
    // Another camera or profile changes the size, and so does turning a phone.
    if (video) video.onresize = () => this.tellSize(video);
  }

  private async tellFirstPicture(): Promise<void> {
    const { first } = this.players;
    await first?.firstPicture(PREVIEW_PATIENCE_MS);
    if (first?.video) this.tellSize(first.video);
  }

  private tellSize({ videoWidth: width, videoHeight: height }: HTMLVideoElement): void {
    const before = this.size;
    if (width === 0 || (width === before.width && height === before.height)) return;
    this.size = { width, height };
    const { emitter } = this.context;
    const who = { userId: '', streamType: 'main' as const };
    if (before.width === 0) emitter.emit(EVENT.FIRST_VIDEO_FRAME, { ...who, width, height });
    emitter.emit(EVENT.VIDEO_SIZE_CHANGED, { ...who, newWidth: width, newHeight: height });
  }

  private publish(functionName: string): Promise<void> {
    return this.publisher.publish(
      () => ({
        kind: 'video',
        source: 'main',
        codec: CODEC,
        muted: this.muted,
        channels: 0,
        bitrateBps: this.bitrateBps,
        ...this.encodings(),
        port: (this.encoding as VideoEncoding).connect(),
      }),
      functionName,
    );
  }

  private get bitrateBps(): number {
    return encodingsOf(this.option).reduce((sum, { bitrateBps }) => sum + bitrateBps, 0);
  }

  /** What the gateway is told of two sizes. */
  private encodings(): Pick<PublishRequest, 'encodings'> {
    const encodings = encodingsOf(this.option).map(({ width, height, bitrateBps }) => ({
      ...{ width, height },
      maxBitrateBps: bitrateBps,
    }));
    return encodings.length > 1 ? { encodings } : {};
  }

  private async unpublish(): Promise<void> {
    this.encoding?.disconnect();
    await this.publisher.unpublish();
  }

  /** How many pictures the camera gave; undefined while none have to come. */
  private async picturesRead(): Promise<number | undefined> {
    const { track } = this;
    if (!this.isDevice || track?.readyState !== 'live' || track.muted || this.muted)
      return undefined;
    return (await this.encoding?.stats())?.read;
  }

  private letGo(): void {
    this.watch?.stop();
    this.watch = undefined;
    if (this.isDevice) this.track?.stop();
    this.track = undefined;
    this.isDevice = false;
  }

  private release(): void {
    this.stallWatch?.stop();
    this.stallWatch = undefined;
    this.letGo();
    this.players.close();
    this.encoding?.close();
    this.encoding = undefined;
    this.size = { width: 0, height: 0 };
  }
}

const smallOf = (option: LocalVideoOption = {}): string =>
  JSON.stringify(encodingsOf(option)[1] ?? null);

function warnOfIgnored({ small, profile, qosPreference }: LocalVideoOption): void {
  if (resolveSmallProfile(small, resolveVideoProfile(profile)) === null)
    log.warn(`'small' is ignored: it is larger than 'profile' in size, frame rate or bitrate`);
  if (qosPreference)
    log.warn(`'qosPreference' is ignored: this version does not choose between the two`);
}
