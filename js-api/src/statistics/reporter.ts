import { EVENT } from '../constants/event';
import type { LocalAudio } from '../local/local-audio';
import type { LocalVideo } from '../local/local-video';
import { audioOf } from '../remote/remote-user';
import type { RemoteUsers } from '../remote/remote-users';
import type { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { logger } from '../util/logger';
import { DISCONNECTED, networkQuality, UNKNOWN } from './quality';
import { StatisticsShape, type Sample } from './shape';

const log = logger('statistics');
export const INTERVAL_MS = 2000;

/** Tells STATISTICS and NETWORK_QUALITY every two seconds while in the room. */
export class StatisticsReporter {
  private timer: ReturnType<typeof setInterval> | undefined;
  private before: Sample | undefined;

  constructor(
    private readonly context: ClientContext,
    private readonly room: Room,
    private readonly localAudio: LocalAudio,
    private readonly localVideo: LocalVideo,
    private readonly remotes: RemoteUsers,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.report().catch((error: unknown) => log.debug('no statistics', error));
    }, INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.before = undefined;
  }

  private async report(): Promise<void> {
    const { rpc } = this.room.engine;
    // The output's latency settles after the first seconds and changes with the device.
    const latencyMs = this.room.audio.outputLatencyMs;
    rpc.call('setOutputLatency', { latencyMs }).catch(() => undefined);
    const sample = await this.sample();
    if (!this.room.joined) return;
    const statistics = new StatisticsShape(this.before, sample).toEvent();
    this.before = sample;
    const { rtt, upLoss, downLoss } = statistics;
    const quality = (loss: number) => {
      if (sample.engine.linkDown) return DISCONNECTED;
      return sample.engine.rttMs < 0 ? UNKNOWN : networkQuality(loss, rtt);
    };
    this.context.emitter.emit(EVENT.NETWORK_QUALITY, {
      uplinkNetworkQuality: quality(upLoss),
      downlinkNetworkQuality: quality(downLoss),
      uplinkRTT: rtt,
      uplinkLoss: upLoss,
      downlinkRTT: rtt,
      downlinkLoss: downLoss,
    });
    this.context.emitter.emit(EVENT.STATISTICS, statistics);
  }

  private async sample(): Promise<Sample> {
    const [engine, encoder, remotes] = await Promise.all([
      this.room.engine.rpc.call('statistics'),
      this.localVideo.stats(),
      Promise.all(
        this.remotes.all().map(async (user) => {
          const videos = await Promise.all(
            [...user.videos.values()].map(async (video) => {
              const stats = await video.stats().catch(() => undefined);
              return stats ? [{ stream: video.stream, stats }] : [];
            }),
          );
          const audioId = audioOf(user)?.streamId;
          return { userId: user.userId, audioId, videos: videos.flat() };
        }),
      ),
    ]);
    const streamId = this.localVideo.streamId;
    const localAudioId = this.localAudio.streamId;
    return {
      engine,
      remotes,
      ...(localAudioId && { localAudioId }),
      ...(encoder && streamId && { localVideo: { streamId, stats: encoder } }),
    };
  }
}
