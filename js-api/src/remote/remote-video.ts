import type { RemoteVideoConfig, StreamType } from '../../types/index';
import { EVENT } from '../constants/event';
import { EXTRA } from '../constants/error-code';
import type { Codec, LayerPreference, StreamInfo } from '../engine/messages';
import { RtcError, abortError } from '../errors/rtc-error';
import { sessionError } from '../errors/session-error';
import { PlayerSet } from '../player/player-set';
import { TileWatch } from '../player/tile-watch';
import type { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { LifeCycle } from '../util/life-cycle';
import { logger } from '../util/logger';
import { mergeConfig, sameConfig } from '../util/merge';
import type { DecodePool, Decoding } from '../video/decode-pool';
import type { DecoderStats } from '../video/messages';

const log = logger('remote video');

/** One remote user's camera (or screen): subscription, decoding, views. */
export class RemoteVideo {
  readonly life: LifeCycle<RemoteVideoConfig, RemoteVideoConfig>;
  private readonly players: PlayerSet;
  private config: RemoteVideoConfig;
  private decoding: Decoding | undefined;
  private receiving: Promise<void> | undefined;
  private sawPicture = false;
  private preference: LayerPreference = { layer: 'auto', width: 0, height: 0 };
  private readonly tile = new TileWatch((width, height) => this.want({ width, height }));
  /** Counts what was ended: a subscribing of an earlier turn must not come to life. */
  private turn = 0;

  constructor(
    private readonly context: ClientContext,
    private readonly room: Room,
    private readonly pool: DecodePool,
    readonly userId: string,
    readonly stream: StreamInfo,
    private readonly syncGroup: number,
  ) {
    const streamType = stream.source;
    this.config = { userId, streamType };
    this.players = new PlayerSet({ fillMode: this.defaultFill, mirror: false }, (state, reason) =>
      context.emitter.emit(EVENT.VIDEO_PLAY_STATE_CHANGED, { userId, streamType, state, reason }),
    );
    this.life = new LifeCycle<RemoteVideoConfig, RemoteVideoConfig>({
      names: { start: 'startRemoteVideo', update: 'updateRemoteVideo', stop: 'stopRemoteVideo' },
      start: (config) => this.start(config),
      update: (config) => this.update(config),
      stop: () => this.stop(),
      merge: mergeConfig,
      same: sameConfig,
    });
  }

  get streamType(): StreamType {
    return this.stream.source;
  }

  getTrack(): MediaStreamTrack | null {
    return this.decoding?.sink.track() ?? null;
  }

  get shown(): HTMLVideoElement | HTMLCanvasElement | undefined {
    return this.players.first?.element;
  }

  async stats(): Promise<DecoderStats | undefined> {
    return this.decoding?.stats();
  }

  /** Subscribes and decodes without a view; startRemoteVideo does it when nobody did before. */
  receive(): Promise<void> {
    if (this.receiving) return this.receiving;
    const receiving = this.subscribe().catch((error: unknown) => {
      if (this.receiving === receiving) void this.unsubscribe();
      throw error;
    });
    this.receiving = receiving;
    return receiving;
  }

  /** The stream cannot be had any more: it was removed or muted, or the room is left. */
  close(): void {
    if (this.life.state !== 'idle') this.life.stop().catch(() => undefined);
    void this.unsubscribe();
  }

  private async start(config: RemoteVideoConfig): Promise<void> {
    this.config = config;
    this.players.setViews(config.view);
    this.tile.watch(this.players.views);
    this.apply();
    try {
      await this.receive();
    } catch (error) {
      this.players.close();
      throw sessionError(error, 'startRemoteVideo');
    }
    this.show();
  }

  private update(config: RemoteVideoConfig): Promise<void> {
    this.config = mergeConfig(this.config, config);
    if (config.view !== undefined) {
      this.players.setViews(config.view);
      this.tile.watch(this.players.views);
    }
    this.apply();
    return Promise.resolve();
  }

  private stop(): Promise<void> {
    return this.unsubscribe();
  }

  private async unsubscribe(): Promise<void> {
    const subscribed = this.receiving !== undefined;
    this.end();
    const { streamId } = this.stream;
    if (subscribed && this.room.joined)
      await this.room.engine.rpc.call('unsubscribe', { streamId }).catch(() => undefined);
  }

  private async subscribe(): Promise<void> {
    const { streamId, codec } = this.stream;
    const { port1, port2 } = new MessageChannel();
    const { syncGroup, turn, preference } = this;
    const subscribing = this.room.engine.rpc.call(
      'subscribe',
      { streamId, kind: 'video', syncGroup, preference, port: port1 },
      [port1],
    );
    // Awaited below; until then nobody listens to a refusal.
    subscribing.catch(() => undefined);
    const decoding = await this.pool.add(codec as Codec, port2, {
      onSize: (width, height) => this.tellSize(width, height),
      onError: (message) => this.context.fail(decodeError(this.userId, message)),
    });
    if (turn !== this.turn) {
      decoding.close();
      throw stoppedMeanwhile();
    }
    this.decoding = decoding;
    await subscribing;
    if (turn !== this.turn) throw stoppedMeanwhile();
    void decoding.sink.content.then((content) => {
      if (content instanceof MediaStreamTrack) this.tellTrack(content);
    });
  }

  private show(): void {
    void this.decoding?.sink.content.then((content) => this.players.show(content));
  }

  private apply(): void {
    const { fillMode = this.defaultFill, mirror = false, small } = this.config.option ?? {};
    this.players.update({ fillMode, mirror });
    this.want({ layer: small === undefined ? 'auto' : small ? 'small' : 'big' });
  }

  private want(change: Partial<LayerPreference>): void {
    const preference = { ...this.preference, ...change };
    if (JSON.stringify(preference) === JSON.stringify(this.preference)) return;
    this.preference = preference;
    if (!this.receiving || !this.room.joined) return;
    const { streamId } = this.stream;
    this.room.engine.rpc
      .call('updateSubscription', { streamId, preference })
      .catch((error: unknown) => log.warn(`the size of '${this.userId}'`, error));
  }

  private get defaultFill(): 'contain' | 'cover' {
    return this.stream.source === 'sub' ? 'contain' : 'cover';
  }

  private end(): void {
    this.turn++;
    this.tile.stop();
    this.players.close();
    this.decoding?.close();
    this.decoding = undefined;
    this.receiving = undefined;
    this.sawPicture = false;
  }

  private tellTrack(track: MediaStreamTrack): void {
    const { userId, streamType } = this;
    this.context.emitter.emit(EVENT.TRACK, { userId, streamType, track, sourceTrack: track });
  }

  private tellSize(width: number, height: number): void {
    const { emitter } = this.context;
    const who = { userId: this.userId, streamType: this.streamType };
    if (!this.sawPicture) emitter.emit(EVENT.FIRST_VIDEO_FRAME, { ...who, width, height });
    this.sawPicture = true;
    emitter.emit(EVENT.VIDEO_SIZE_CHANGED, { ...who, newWidth: width, newHeight: height });
  }
}

const stoppedMeanwhile = (): RtcError =>
  abortError('startRemoteVideo', 'the stream ended or was stopped meanwhile');

const decodeError = (userId: string, message: string): RtcError =>
  new RtcError({
    name: 'OPERATION_FAILED',
    extraCode: EXTRA.VIDEO_DECODE,
    message: `the video of '${userId}' cannot be decoded: ${message}`,
  });
