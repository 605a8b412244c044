import type { RemoteStatistic, TRTCStatistics, VideoStatistic } from '../../types/index';
import type { EngineStatistics, ReceiverStats, StreamInfo } from '../engine/messages';
import type { DecoderStats, EncoderStats, EncodingStats } from '../video/messages';

/** Everything counted at one moment; counters run from the start. */
export interface Sample {
  engine: EngineStatistics;
  localAudioId?: string;
  localVideo?: { streamId: string; stats: EncoderStats };
  remotes: {
    userId: string;
    audioId?: string;
    videos: { stream: StreamInfo; stats: DecoderStats }[];
  }[];
}

type Receiver = EngineStatistics['receivers'][number];

const round = (value: number, digits = 0): number => {
  const factor = 10 ** digits;
  return Number.isFinite(value) ? Math.round(value * factor) / factor : 0;
};
const percent = (part: number, whole: number): number =>
  whole > 0 ? round(Math.min(100, Math.max(0, (100 * part) / whole)), 1) : 0;

/** What happened between two moments, in the shape of the STATISTICS event. */
export class StatisticsShape {
  private readonly seconds: number;

  constructor(
    private readonly before: Sample | undefined,
    private readonly after: Sample,
  ) {
    const start = before?.engine.timeMs ?? after.engine.timeMs - 2000;
    this.seconds = Math.max(0.001, (after.engine.timeMs - start) / 1000);
  }

  toEvent(): TRTCStatistics {
    const { engine, remotes } = this.after;
    return {
      rtt: round(Math.max(0, engine.rttMs)),
      upLoss: this.upLoss(),
      downLoss: this.downLoss(),
      bytesSent: engine.bytesSent,
      bytesReceived: engine.bytesReceived,
      ...(engine.transport && { transport: engine.transport }),
      localStatistics: { audio: this.localAudio(), video: this.localVideo() },
      remoteStatistics: remotes.map((remote) => this.remote(remote)),
    };
  }

  /** Worst of the gateway's reports on our streams. */
  private upLoss(): number {
    const fractions = this.after.engine.senders.map(({ fractionLost }) => fractionLost);
    return round(Math.max(0, ...fractions) * 100, 1);
  }

  private downLoss(): number {
    let lost = 0;
    let received = 0;
    for (const receiver of this.after.engine.receivers) {
      lost += Math.max(0, this.grown(receiver, 'lost'));
      received += this.grown(receiver, 'packets');
    }
    return percent(lost, lost + received);
  }

  private localAudio(): { bitrate: number; audioLevel: number } {
    const sender = this.sender(this.after, this.after.localAudioId);
    if (!sender) return { bitrate: 0, audioLevel: 0 };
    const earlier = this.sender(this.before, sender.streamId)?.bytes ?? 0;
    return { bitrate: this.kbps(sender.bytes - earlier), audioLevel: round(sender.audioLevel, 3) };
  }

  private localVideo(): VideoStatistic[] {
    const local = this.after.localVideo;
    if (!local) return [];
    const { streamId, stats } = local;
    const before = this.before?.localVideo?.stats;
    const big = this.encoding(streamId, 0, stats, before);
    return stats.small ? [big, this.encoding(streamId, 1, stats.small, before?.small)] : [big];
  }

  private encoding(
    streamId: string,
    index: 0 | 1,
    { width, height, frames }: EncodingStats,
    before: EncodingStats | undefined,
  ): VideoStatistic {
    const sent = this.sender(this.after, streamId, index)?.bytes ?? 0;
    const earlier = this.sender(this.before, streamId, index)?.bytes ?? 0;
    return {
      ...{ width, height, frameRate: this.rate(frames - (before?.frames ?? 0)) },
      bitrate: this.kbps(sent - earlier),
      videoType: index === 0 ? 'big' : 'small',
    };
  }

  private remote({ userId, audioId, videos }: Sample['remotes'][number]): RemoteStatistic {
    const audio = this.receiver(this.after, audioId);
    return {
      userId,
      audio: {
        bitrate: audio ? this.kbps(this.grown(audio, 'bytes')) : 0,
        audioLevel: audio ? round(audio.audioLevel, 3) : 0,
        jitterBufferDelay: audio ? round(audio.bufferDelayMs) : 0,
        ...(audio && {
          ...this.extras(audio),
          concealment: percent(this.grown(audio, 'concealedMs'), this.seconds * 1000),
        }),
      },
      video: videos.map(({ stream, stats }) => {
        const { streamId } = stream;
        const receiver = this.receiver(this.after, streamId);
        const earlier = this.before?.remotes
          .flatMap((remote) => remote.videos)
          .find((video) => video.stream.streamId === streamId)?.stats;
        return {
          width: stats.width,
          height: stats.height,
          frameRate: this.rate(stats.frames - (earlier?.frames ?? 0)),
          bitrate: receiver ? this.kbps(this.grown(receiver, 'bytes')) : 0,
          videoType: videoType(stream, stats),
          jitterBufferDelay: receiver ? round(receiver.bufferDelayMs) : 0,
          ...(receiver && this.extras(receiver)),
        };
      }),
    };
  }

  private extras(receiver: Receiver): { endToEndDelay: number; packetLoss: number } {
    const lost = Math.max(0, this.grown(receiver, 'lost'));
    return {
      endToEndDelay: round(receiver.endToEndMs, 1),
      packetLoss: percent(lost, lost + this.grown(receiver, 'packets')),
    };
  }

  private grown(receiver: Receiver, member: keyof ReceiverStats): number {
    return receiver[member] - (this.receiver(this.before, receiver.streamId)?.[member] ?? 0);
  }

  private sender(sample: Sample | undefined, streamId: string | undefined, encoding = 0) {
    return sample?.engine.senders.find(
      (sender) => sender.streamId === streamId && sender.encoding === encoding,
    );
  }

  private receiver(sample: Sample | undefined, streamId: string | undefined) {
    return sample?.engine.receivers.find((receiver) => receiver.streamId === streamId);
  }

  private kbps(bytes: number): number {
    return round((Math.max(0, bytes) * 8) / 1000 / this.seconds);
  }

  private rate(count: number): number {
    return round(Math.max(0, count) / this.seconds, 1);
  }
}

/** By the size that comes: nothing larger than the small one is the big one. */
function videoType({ source, encodings }: StreamInfo, { width, height }: DecoderStats) {
  if (source === 'sub') return 'sub';
  const [, small] = encodings ?? [];
  return small && width * height <= small.width * small.height ? 'small' : 'big';
}
