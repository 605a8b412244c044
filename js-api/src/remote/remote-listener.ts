import type { AudioGraph } from '../audio/audio-graph';
import type { AutoplayGuard } from '../audio/autoplay-guard';
import { RemoteAudio } from '../audio/remote-audio';
import { EVENT } from '../constants/event';
import type { StreamInfo } from '../engine/messages';
import { sessionError } from '../errors/session-error';
import type { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { logger } from '../util/logger';

const log = logger('remote audio');

/** Hears one remote user: subscription, nodes, and what the app is told of the playing. */
export class RemoteListener {
  private audio: RemoteAudio | undefined;
  private streamId = '';

  constructor(
    private readonly context: ClientContext,
    private readonly room: Room,
    private readonly autoplay: AutoplayGuard,
    private readonly userId: string,
    readonly syncGroup: number,
  ) {}

  get active(): boolean {
    return this.audio !== undefined;
  }

  level(): number | undefined {
    return this.audio?.level();
  }

  track(): MediaStreamTrack | null {
    return this.audio?.track() ?? null;
  }

  setVolume(percent: number): void {
    this.audio?.setVolume(percent);
  }

  /** The user muted or unmuted; the subscription stays. */
  tellMuted(muted: boolean): void {
    if (this.audio) this.tell(muted ? 'PAUSED' : 'PLAYING', muted ? 'mute' : 'unmute');
  }

  async start(stream: StreamInfo, volume: number, functionName: string): Promise<void> {
    if (this.audio) return;
    const graph: AudioGraph = this.room.audio;
    const audio = new RemoteAudio(graph);
    audio.setVolume(volume);
    this.audio = audio;
    this.streamId = stream.streamId;
    const { streamId } = this;
    const { port } = audio;
    const { syncGroup } = this;
    const { rpc } = this.room.engine;
    rpc.call('setOutputLatency', { latencyMs: graph.outputLatencyMs }).catch(() => undefined);
    try {
      const request = { streamId, kind: 'audio' as const, syncGroup, port };
      await Promise.all([rpc.call('subscribe', request, [port]), audio.ready]);
    } catch (error) {
      // Stopped meanwhile: that has ended the subscription, and this is no failure.
      if (this.audio !== audio) return;
      await this.stop();
      throw sessionError(error, functionName);
    }
    if (this.audio !== audio) return;
    this.tellTrack(audio);
    await this.autoplay.watch(this.userId, graph, () => {
      if (this.audio === audio) this.tell('PLAYING', 'playing');
    });
  }

  async stop(): Promise<void> {
    if (!this.audio) return;
    const { streamId } = this;
    this.close();
    if (this.room.joined)
      await this.room.engine.rpc
        .call('unsubscribe', { streamId })
        .catch((error: unknown) => log.warn('unsubscribing failed', error));
  }

  /** Without telling the gateway. */
  close(): void {
    if (!this.audio) return;
    this.autoplay.forget(this.userId);
    this.audio.close();
    this.audio = undefined;
    this.tell('STOPPED', 'ended');
  }

  /** A track costs nodes that most apps never use: made when somebody listens. */
  private tellTrack(audio: RemoteAudio): void {
    const { emitter } = this.context;
    if (emitter.listeners(EVENT.TRACK).length === 0) return;
    const track = audio.track();
    if (track) emitter.emit(EVENT.TRACK, { userId: this.userId, track, sourceTrack: track });
  }

  private tell(
    state: 'PLAYING' | 'PAUSED' | 'STOPPED',
    reason: 'playing' | 'mute' | 'unmute' | 'ended',
  ): void {
    const { userId } = this;
    this.context.emitter.emit(EVENT.AUDIO_PLAY_STATE_CHANGED, { userId, state, reason });
  }
}
