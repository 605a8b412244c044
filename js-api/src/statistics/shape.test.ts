import { expect, it } from 'vitest';
import type { ReceiverStats, SenderStats } from '../engine/messages';
import { networkQuality } from './quality';
import { StatisticsShape, type Sample } from './shape';

const sender: SenderStats = {
  packets: 0,
  bytes: 0,
  frames: 0,
  retransmitted: 0,
  fractionLost: 0,
  rttMs: 3,
  audioLevel: 0,
  keyframes: 0,
};
const receiver: ReceiverStats = {
  packets: 0,
  bytes: 0,
  lost: 0,
  jitterMs: 0,
  bufferDelayMs: 0,
  targetDelayMs: 0,
  frames: 0,
  keyframes: 0,
  nacks: 0,
  plis: 0,
  concealedMs: 0,
  audioLevel: 0,
  framesDropped: 0,
  endToEndMs: 0,
};

/** Two seconds of call a step. */
const sample = (step: number): Sample => ({
  engine: {
    timeMs: step * 2000,
    rttMs: 12.4,
    transport: 'webtransport',
    linkDown: false,
    bytesSent: step * 1000,
    bytesReceived: step * 2000,
    packetsDropped: 0,
    senders: [
      {
        ...sender,
        streamId: 'la',
        encoding: 0,
        bytes: step * 10_000,
        audioLevel: 0.25,
        fractionLost: 0.02,
      },
      { ...sender, streamId: 'lv', encoding: 0, bytes: step * 225_000 },
      { ...sender, streamId: 'lv', encoding: 1, bytes: step * 25_000 },
    ],
    receivers: [
      {
        ...receiver,
        streamId: 'ra',
        bytes: step * 10_000,
        packets: step * 95,
        lost: step * 5,
        bufferDelayMs: 41.6,
        concealedMs: step * 100,
        endToEndMs: 83.44,
      },
      { ...receiver, streamId: 'rv', bytes: step * 250_000, packets: step * 300 },
    ],
  },
  localAudioId: 'la',
  localVideo: {
    streamId: 'lv',
    stats: {
      timeMs: step * 2000,
      width: 640,
      height: 360,
      read: step * 60,
      frames: step * 60,
      skipped: 0,
      bytes: 0,
      small: { width: 160, height: 90, frames: step * 30, bytes: 0 },
    },
  },
  remotes: [
    {
      userId: 'bob',
      audioId: 'ra',
      videos: [
        {
          stream: { streamId: 'rv', kind: 'video', source: 'main', codec: 'vp8', muted: false },
          stats: { width: 640, height: 480, frames: step * 30, errors: 0 },
        },
      ],
    },
  ],
});

it('gives the shape of the specification, in its units', () => {
  const event = new StatisticsShape(sample(1), sample(2)).toEvent();
  expect(event).toEqual({
    rtt: 12,
    upLoss: 2,
    downLoss: 1.3,
    bytesSent: 2000,
    bytesReceived: 4000,
    transport: 'webtransport',
    localStatistics: {
      audio: { bitrate: 40, audioLevel: 0.25 },
      video: [
        { width: 640, height: 360, frameRate: 30, bitrate: 900, videoType: 'big' },
        { width: 160, height: 90, frameRate: 15, bitrate: 100, videoType: 'small' },
      ],
    },
    remoteStatistics: [
      {
        userId: 'bob',
        audio: {
          bitrate: 40,
          audioLevel: 0,
          jitterBufferDelay: 42,
          endToEndDelay: 83.4,
          packetLoss: 5,
          concealment: 5,
        },
        video: [
          {
            width: 640,
            height: 480,
            frameRate: 15,
            bitrate: 1000,
            videoType: 'big',
            jitterBufferDelay: 0,
            endToEndDelay: 0,
            packetLoss: 0,
          },
        ],
      },
    ],
  });
});

it('is all zeros for somebody alone who sends nothing', () => {
  const { engine } = sample(1);
  const alone: Sample = {
    engine: { ...engine, senders: [], receivers: [], rttMs: -1 },
    remotes: [],
  };
  expect(new StatisticsShape(undefined, alone).toEvent()).toMatchObject({
    rtt: 0,
    upLoss: 0,
    downLoss: 0,
    localStatistics: { audio: { bitrate: 0, audioLevel: 0 }, video: [] },
    remoteStatistics: [],
  });
});

it.each([
  [0, 20, 1],
  [0, 150, 2],
  [15, 20, 3],
  [25, 20, 4],
  [0, 501, 5],
  [31, 0, 5],
])('loss %d %% and %d ms are quality %d', (loss, rtt, quality) => {
  expect(networkQuality(loss, rtt)).toBe(quality);
});

it('a remote video is small when what comes is no larger than its small size', () => {
  const after = sample(2);
  const [video] = after.remotes[0]?.videos ?? [];
  const type = () =>
    new StatisticsShape(sample(1), after).toEvent().remoteStatistics[0]?.video[0]?.videoType;
  if (!video) throw new Error('there is one');
  video.stream.encodings = [
    { width: 640, height: 480 },
    { width: 160, height: 120 },
  ];
  expect(type()).toBe('big');
  Object.assign(video.stats, { width: 160, height: 120 });
  expect(type()).toBe('small');
});
