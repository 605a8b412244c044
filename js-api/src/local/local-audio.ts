import type { LocalAudioConfig, LocalAudioOption } from '../../types/index';
import { AudioCapture } from '../audio/audio-capture';
import { AudioGraph } from '../audio/audio-graph';
import type { AutoplayGuard } from '../audio/autoplay-guard';
import { EVENT } from '../constants/event';
import { resolveAudioProfile } from '../constants/profiles';
import { openMicrophone } from '../devices/capture';
import { deviceError } from '../errors/device-error';
import type { EngineFailure } from '../engine/messages';
import type { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { LifeCycle } from '../util/life-cycle';
import { mergeConfig, sameConfig } from '../util/merge';
import { Publisher } from './publisher';
import { TrackWatch } from './track-watch';

/** From the microphone to the graph where the browser does not tell. */
const USUAL_INPUT_LATENCY_MS = 10;
/** From the track to the capture worklet: Chromium's queue before the graph, 4 to 12 ms as measured. */
const GRAPH_INPUT_LATENCY_MS = 7;

/** The browser's own processing, on unless it was switched off. */
const PROCESSING = ['echoCancellation', 'autoGainControl', 'noiseSuppression'] as const;
const isOn = (option: LocalAudioOption, name: (typeof PROCESSING)[number]) => option[name] ?? true;

/** The microphone, or a track of the app's own, and its publication. */
export class LocalAudio {
  readonly life: LifeCycle<LocalAudioConfig, LocalAudioConfig>;
  private readonly publisher: Publisher;
  private config: LocalAudioConfig = {};
  private graph: AudioGraph | undefined;
  private capture: AudioCapture | undefined;
  private track: MediaStreamTrack | undefined;
  /** The track is a microphone that we opened; a track of the app's is the app's to stop. */
  private isDevice = false;
  private watch: TrackWatch | undefined;

  constructor(
    private readonly context: ClientContext,
    private readonly room: Room,
    private readonly autoplay: AutoplayGuard,
  ) {
    this.publisher = new Publisher(context, room, 'audio');
    this.life = new LifeCycle<LocalAudioConfig, LocalAudioConfig>({
      names: { start: 'startLocalAudio', update: 'updateLocalAudio', stop: 'stopLocalAudio' },
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

  /** 0–1 as AUDIO_VOLUME tells it; undefined when nothing is captured. */
  level(): number | undefined {
    if (!this.capture) return undefined;
    return this.muted && !this.config.muteKeepVolumeDetection ? 0 : this.capture.level();
  }

  getTrack(processed: boolean): MediaStreamTrack | null {
    return (processed ? this.capture?.processedTrack() : this.track) ?? null;
  }

  onRoomJoined(): void {
    // A refusal was told by PUBLISH_STATE_CHANGED.
    if (this.capture && this.wantsPublish) this.publish('startLocalAudio').catch(() => undefined);
  }

  onRoomLeft(): void {
    this.publisher.reset();
    this.capture?.disconnect();
  }

  onUnpublished(streamId: string, failure: EngineFailure): void {
    if (streamId !== this.streamId) return;
    this.capture?.disconnect();
    this.publisher.lost(failure);
  }

  private get muted(): boolean {
    return Boolean(this.config.mute);
  }

  private get wantsPublish(): boolean {
    return this.config.publish !== false;
  }

  private async start(config: LocalAudioConfig): Promise<void> {
    this.config = mergeConfig({}, config);
    if (this.wantsPublish && this.room.joined) this.publisher.refuseAudience('startLocalAudio');
    const graph = AudioGraph.acquire(this.context.assetsPath);
    this.graph = graph;
    const opening = this.open('startLocalAudio');
    try {
      const [track] = await Promise.all([opening, graph.ready]);
      const { channelCount } = resolveAudioProfile(config.option?.profile);
      const { latency } = track.getSettings() as { latency?: number };
      const deviceMs = latency === undefined ? USUAL_INPUT_LATENCY_MS : latency * 1000;
      this.capture = new AudioCapture(graph, channelCount, deviceMs + GRAPH_INPUT_LATENCY_MS);
      this.use(track);
      this.apply();
      void this.autoplay.watch('', graph, () => undefined);
      this.tell(track);
      if (this.wantsPublish && this.room.joined) await this.publish('startLocalAudio');
    } catch (error) {
      this.release();
      // A microphone that opens after the rest failed is nobody's to use.
      opening.then((track) => this.discard(track)).catch(() => undefined);
      throw error;
    }
  }

  private async update(config: LocalAudioConfig): Promise<void> {
    const before = this.config;
    this.config = mergeConfig(before, config);
    const { option = {} } = config;
    const newDevice = option.microphoneId && option.microphoneId !== before.option?.microphoneId;
    const newTrack =
      option.audioTrack !== undefined && option.audioTrack !== before.option?.audioTrack;
    if (newDevice && this.config.option && !option.audioTrack) delete this.config.option.audioTrack;
    if (newDevice || newTrack || this.wantsOtherProcessing(before)) {
      try {
        const track = await this.open('updateLocalAudio');
        this.use(track);
        this.tell(track);
      } catch (error) {
        this.config = before;
        throw error;
      }
    }
    this.apply();
    if (!this.room.joined) return;
    if (!this.wantsPublish) await this.unpublish();
    else if (!this.publisher.active) await this.publish('updateLocalAudio');
    else if (Boolean(before.mute) !== this.muted) await this.publisher.setMuted(this.muted);
  }

  /** Browsers take these when a microphone is opened; later not all do, and not all tell. */
  private wantsOtherProcessing({ option = {} }: LocalAudioConfig): boolean {
    return (
      this.isDevice && PROCESSING.some((name) => isOn(this.option, name) !== isOn(option, name))
    );
  }

  private async stop(): Promise<void> {
    await this.unpublish();
    this.release();
    this.context.emitter.emit(EVENT.AUDIO_PLAY_STATE_CHANGED, {
      userId: '',
      state: 'STOPPED',
      reason: 'ended',
    });
  }

  private get option(): LocalAudioOption {
    return this.config.option ?? {};
  }

  private open(functionName: string): Promise<MediaStreamTrack> {
    const { audioTrack, profile } = this.option;
    if (audioTrack) return Promise.resolve(audioTrack);
    return openMicrophone(this.option, resolveAudioProfile(profile).channelCount, functionName);
  }

  /** Captures from this track; a device's own track that was used before is let go. */
  private use(track: MediaStreamTrack): void {
    try {
      this.capture?.setTrack(track);
    } catch (error) {
      this.discard(track);
      throw deviceError(error, 'startLocalAudio');
    }
    this.letGo();
    this.track = track;
    this.isDevice = track !== this.option.audioTrack;
    if (this.isDevice) this.watch = this.watchDevice(track);
  }

  private watchDevice(track: MediaStreamTrack): TrackWatch {
    return new TrackWatch(track, 'microphone', {
      onMuted: (muted) =>
        this.context.emitter.emit(EVENT.AUDIO_PLAY_STATE_CHANGED, {
          userId: '',
          state: muted ? 'PAUSED' : 'PLAYING',
          reason: muted ? 'mute' : 'unmute',
        }),
      open: () => {
        delete this.option.microphoneId;
        return this.open('startLocalAudio');
      },
      use: async (next) => {
        this.use(next);
        this.apply();
        this.tell(next);
      },
      onFailed: (error) => this.context.fail(error),
    });
  }

  private tell(track: MediaStreamTrack): void {
    const { emitter, devices } = this.context;
    emitter.emit(EVENT.TRACK, { userId: '', streamType: 'main', track, sourceTrack: track });
    emitter.emit(EVENT.AUDIO_PLAY_STATE_CHANGED, {
      userId: '',
      state: 'PLAYING',
      reason: 'playing',
    });
    if (this.isDevice) void devices.active('audioinput', track.getSettings().deviceId);
  }

  private apply(): void {
    const { captureVolume = 100, earMonitorVolume = 0 } = this.option;
    this.capture?.setVolume(captureVolume);
    this.capture?.setEarMonitor(earMonitorVolume);
    this.capture?.setMuted(this.muted);
    // The device itself goes silent too, unless its level is to be watched on.
    if (this.track && this.isDevice)
      this.track.enabled = !this.muted || this.config.muteKeepVolumeDetection === true;
  }

  private publish(functionName: string): Promise<void> {
    const { channelCount, bitrate } = resolveAudioProfile(this.option.profile);
    return this.publisher.publish(
      () => ({
        kind: 'audio',
        source: 'main',
        codec: 'opus',
        muted: this.muted,
        channels: channelCount,
        bitrateBps: bitrate * 1000,
        port: (this.capture as AudioCapture).connect(),
      }),
      functionName,
    );
  }

  private async unpublish(): Promise<void> {
    this.capture?.disconnect();
    await this.publisher.unpublish();
  }

  /** A track that is not used after all; one of the app's own stays the app's. */
  private discard(track: MediaStreamTrack): void {
    if (track !== this.option.audioTrack) track.stop();
  }

  private letGo(): void {
    this.watch?.stop();
    this.watch = undefined;
    if (this.isDevice) this.track?.stop();
    this.track = undefined;
    this.isDevice = false;
  }

  private release(): void {
    this.autoplay.forget('');
    this.letGo();
    this.capture?.close();
    this.capture = undefined;
    if (this.graph) AudioGraph.release();
    this.graph = undefined;
  }
}
