import type { RemoteVideoConfig, StopRemoteVideoConfig, StreamType } from '../../types/index';
import type { AutoplayGuard } from '../audio/autoplay-guard';
import { EVENT } from '../constants/event';
import { EXTRA } from '../constants/error-code';
import type { GatewayNotification, StreamInfo, UserInfo } from '../engine/messages';
import { invalidOperation } from '../errors/rtc-error';
import type { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { logger } from '../util/logger';
import { DecodePool } from '../video/decode-pool';
import { AudioPreferences } from './audio-preferences';
import { RemoteListener } from './remote-listener';
import { audioOf, type RemoteUser } from './remote-user';
import { RemoteVideo } from './remote-video';

const log = logger('remote');

/** Everybody else in the room, what they publish, and what of it we take. */
export class RemoteUsers {
  readonly preferences = new AudioPreferences();
  autoReceiveVideo = false;
  private readonly users = new Map<string, RemoteUser>();
  private readonly pool: DecodePool;
  private syncGroups = 0;

  constructor(
    private readonly context: ClientContext,
    private readonly room: Room,
    private readonly autoplay: AutoplayGuard,
  ) {
    this.pool = new DecodePool(context.assetsPath);
  }

  all(): RemoteUser[] {
    return [...this.users.values()];
  }

  find(userId: string): RemoteUser | undefined {
    return this.users.get(userId);
  }

  video(userId: string, streamType: StreamType): RemoteVideo | undefined {
    const videos = this.users.get(userId)?.videos.values() ?? [];
    return [...videos].find((video) => video.streamType === streamType);
  }

  handle(notification: GatewayNotification): void {
    switch (notification.type) {
      case 'user-entered':
        this.enter({ userId: notification.userId, streams: [] });
        break;
      case 'user-left':
        this.exit(notification.userId, notification.reason);
        break;
      case 'stream-added':
      case 'stream-updated':
        this.setStream(notification.userId, notification.stream);
        break;
      case 'stream-removed':
        this.removeStream(notification.userId, notification.streamId);
        break;
    }
  }

  enter({ userId, streams }: UserInfo): void {
    if (!this.users.has(userId)) {
      const group = ++this.syncGroups;
      this.users.set(userId, {
        userId,
        listener: new RemoteListener(this.context, this.room, this.autoplay, userId, group),
        streams: new Map(),
        videos: new Map(),
      });
      this.context.emitter.emit(EVENT.REMOTE_USER_ENTER, { userId });
    }
    for (const stream of streams) this.setStream(userId, stream);
  }

  async startVideo(config: RemoteVideoConfig): Promise<void> {
    await this.required(config, 'startRemoteVideo').life.start(config);
  }

  async updateVideo(config: RemoteVideoConfig): Promise<void> {
    await this.required(config, 'updateRemoteVideo').life.update(config);
  }

  async stopVideo({ userId, streamType }: StopRemoteVideoConfig): Promise<void> {
    const videos = this.all()
      .filter((user) => userId === '*' || user.userId === userId)
      .flatMap((user) => [...user.videos.values()])
      .filter((video) => userId === '*' || video.streamType === streamType);
    await Promise.all(videos.map((video) => video.life.stop()));
  }

  async mute(userId: string, mute: boolean): Promise<void> {
    this.preferences.mute(userId, mute);
    const concerned = this.all().filter((user) => userId === '*' || user.userId === userId);
    await Promise.all(concerned.map((user) => this.applyPreference(user, 'muteRemoteAudio')));
  }

  setVolume(userId: string, volume: number): void {
    this.preferences.setVolume(userId, volume);
    for (const user of this.all()) user.listener.setVolume(this.preferences.volume(user.userId));
  }

  /** The room was left: everything stops, nobody is told of single users. */
  clear(): void {
    for (const user of this.users.values()) {
      user.listener.close();
      for (const video of user.videos.values()) video.close();
    }
    this.users.clear();
    this.preferences.reset();
  }

  destroy(): void {
    this.clear();
    this.pool.close();
  }

  private required({ userId, streamType }: RemoteVideoConfig, functionName: string): RemoteVideo {
    if (!this.room.joined)
      throw invalidOperation(functionName, 'enter a room first', EXTRA.NOT_IN_ROOM);
    const user = this.users.get(userId);
    const video = this.video(userId, streamType);
    if (video) return video;
    const publishesOther = user && user.videos.size > 0;
    throw invalidOperation(
      functionName,
      `'${userId}' does not publish '${streamType}' video; wait for REMOTE_VIDEO_AVAILABLE`,
      publishesOther ? EXTRA.NO_SUCH_STREAM : EXTRA.REMOTE_NOT_PUBLISHING,
    );
  }

  private exit(userId: string, reason: 0 | 1 | 2 | 3): void {
    const user = this.users.get(userId);
    if (!user) return;
    for (const streamId of [...user.streams.keys()]) this.removeStream(userId, streamId);
    this.users.delete(userId);
    this.context.emitter.emit(EVENT.REMOTE_USER_EXIT, { userId, reason });
  }

  private setStream(userId: string, stream: StreamInfo): void {
    const user = this.users.get(userId);
    if (!user) return;
    const before = user.streams.get(stream.streamId);
    user.streams.set(stream.streamId, stream);
    const was = before !== undefined && !before.muted;
    if (was !== !stream.muted) this.setAvailable(user, stream, !stream.muted);
  }

  private removeStream(userId: string, streamId: string): void {
    const user = this.users.get(userId);
    const stream = user?.streams.get(streamId);
    if (!user || !stream) return;
    user.streams.delete(streamId);
    if (!stream.muted) this.setAvailable(user, stream, false);
    if (stream.kind === 'audio' && stream.source === 'main') user.listener.close();
  }

  private setAvailable(user: RemoteUser, stream: StreamInfo, available: boolean): void {
    if (stream.kind === 'video') this.setVideoAvailable(user, stream, available);
    else if (stream.source === 'main') this.setAudioAvailable(user, available);
  }

  private setAudioAvailable(user: RemoteUser, available: boolean): void {
    const { userId, listener } = user;
    if (listener.active) listener.tellMuted(!available);
    else if (available)
      this.applyPreference(user, 'enterRoom').catch((error: unknown) =>
        log.warn(`the sound of '${userId}' cannot be received`, error),
      );
    const event = available ? EVENT.REMOTE_AUDIO_AVAILABLE : EVENT.REMOTE_AUDIO_UNAVAILABLE;
    this.context.emitter.emit(event, { userId });
  }

  private setVideoAvailable(user: RemoteUser, stream: StreamInfo, available: boolean): void {
    const { userId, videos } = user;
    const { streamId, source: streamType } = stream;
    if (!available) {
      videos.get(streamId)?.close();
      videos.delete(streamId);
      this.context.emitter.emit(EVENT.REMOTE_VIDEO_UNAVAILABLE, { userId, streamType });
      return;
    }
    this.pool.warmUp(stream.codec);
    const group = streamType === 'main' ? user.listener.syncGroup : ++this.syncGroups;
    const { context, room, pool } = this;
    const video = new RemoteVideo(context, room, pool, userId, stream, group);
    videos.set(streamId, video);
    if (this.autoReceiveVideo)
      video.receive().catch((error: unknown) => log.warn(`the video of '${userId}'`, error));
    this.context.emitter.emit(EVENT.REMOTE_VIDEO_AVAILABLE, { userId, streamType });
  }

  private async applyPreference(user: RemoteUser, functionName: string): Promise<void> {
    const { userId, listener } = user;
    const stream = audioOf(user);
    if (!stream) return;
    if (this.preferences.wanted(userId))
      await listener.start(stream, this.preferences.volume(userId), functionName);
    else await listener.stop();
  }
}
