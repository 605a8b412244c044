import { describe, expect, it } from 'vitest';
import type { TRTCStatistics } from 'ferry-rtc';
import { MAX_SAMPLES, Series, streamsOf } from './series';

const video = { width: 640, height: 360, frameRate: 30, bitrate: 900, videoType: 'big' as const };
const statistics: TRTCStatistics = {
  rtt: 20,
  upLoss: 1,
  downLoss: 2,
  bytesSent: 1,
  bytesReceived: 1,
  localStatistics: { audio: { bitrate: 0, audioLevel: 0 }, video: [video] },
  remoteStatistics: [
    {
      userId: 'bob',
      audio: { bitrate: 40, audioLevel: 0, jitterBufferDelay: 60, packetLoss: 3 },
      video: [
        { ...video, jitterBufferDelay: 30, endToEndDelay: 85 },
        { ...video, videoType: 'sub', jitterBufferDelay: 30, endToEndDelay: -4e6 },
      ],
    },
  ],
};

describe('streams of the statistics', () => {
  const streams = streamsOf(statistics);

  it('lists what flows, your own first', () => {
    expect(streams.map(({ key }) => key)).toEqual([
      '/video/big',
      'bob/video/big',
      'bob/video/sub',
      'bob/audio',
    ]);
  });

  it('takes the end-to-end delay where the clocks agree, else buffer and way', () => {
    expect(streams.map(({ sample }) => sample.delay)).toEqual([null, 85, 40, 70]);
  });

  it('prefers the stream’s own loss', () => {
    expect(streams.map(({ sample }) => sample.loss)).toEqual([1, 2, 2, 3]);
  });
});

it('a series forgets the oldest', () => {
  const series = new Series();
  for (let i = 0; i < MAX_SAMPLES + 5; i++) series.push(i);
  expect(series.values).toHaveLength(MAX_SAMPLES);
  expect(series.values[0]).toBe(5);
});
