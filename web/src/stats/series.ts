// What the charts draw: per stream a few values over the last minutes.
import type { TRTCStatistics } from 'ferry-rtc';

export interface Sample {
  /** kbps */
  bitrate: number;
  /** Frames per second; null for sound. */
  frameRate: number | null;
  /** "640 × 360"; null for sound. */
  resolution: string | null;
  /** ms from sender to you, or in the buffer where the clocks do not tell; null for what you send. */
  delay: number | null;
  /** Percent. */
  loss: number | null;
}

export interface Stream {
  /** Stable: user, direction and kind. */
  key: string;
  userId: string;
  kind: 'audio' | 'video' | 'screen';
  sample: Sample;
}

/** Values kept: two minutes of one every two seconds. */
export const MAX_SAMPLES = 60;

/** The newest values of one quantity. */
export class Series {
  readonly values: (number | null)[] = [];

  push(value: number | null): void {
    this.values.push(value);
    if (this.values.length > MAX_SAMPLES) this.values.shift();
  }
}

/** The streams in one STATISTICS event, your own (userId '') first. */
export function streamsOf(statistics: TRTCStatistics): Stream[] {
  const { localStatistics, remoteStatistics, upLoss } = statistics;
  const streams: Stream[] = [];
  for (const video of localStatistics.video) {
    streams.push(videoStream('', video, { delay: null, loss: upLoss }));
  }
  if (localStatistics.audio.bitrate > 0) {
    const { bitrate } = localStatistics.audio;
    streams.push(audioStream('', { bitrate, delay: null, loss: upLoss }));
  }
  for (const { userId, audio, video } of remoteStatistics) {
    for (const one of video) streams.push(videoStream(userId, one, received(one, statistics)));
    if (audio.bitrate > 0 || audio.jitterBufferDelay > 0) {
      streams.push(audioStream(userId, { bitrate: audio.bitrate, ...received(audio, statistics) }));
    }
  }
  return streams;
}

interface Received {
  jitterBufferDelay: number;
  endToEndDelay?: number;
  packetLoss?: number;
}

/** A delay by two machines' clocks that lies outside of this is the clocks' difference. */
const MAX_PLAUSIBLE_DELAY_MS = 10_000;

function received({ jitterBufferDelay, endToEndDelay, packetLoss }: Received, all: TRTCStatistics) {
  const plausible =
    endToEndDelay !== undefined && endToEndDelay > 0 && endToEndDelay < MAX_PLAUSIBLE_DELAY_MS;
  // Without a common clock: the buffer, and the way here from the gateway.
  const delay = plausible ? endToEndDelay : jitterBufferDelay + all.rtt / 2;
  return { delay, loss: packetLoss ?? all.downLoss };
}

interface Video {
  width: number;
  height: number;
  frameRate: number;
  bitrate: number;
  videoType: string;
}

function videoStream(
  userId: string,
  { width, height, frameRate, bitrate, videoType }: Video,
  { delay, loss }: { delay: number | null; loss: number | null },
): Stream {
  const resolution = width > 0 ? `${width} × ${height}` : null;
  return {
    key: `${userId}/video/${videoType}`,
    userId,
    kind: videoType === 'sub' ? 'screen' : 'video',
    sample: { bitrate, frameRate, resolution, delay, loss },
  };
}

function audioStream(
  userId: string,
  { bitrate, delay, loss }: { bitrate: number; delay: number | null; loss: number | null },
): Stream {
  const sample = { bitrate, frameRate: null, resolution: null, delay, loss };
  return { key: `${userId}/audio`, userId, kind: 'audio', sample };
}
