/** What one local stream's encoders were configured to, as the allocation sees it. */
export interface BitrateDemand {
  kind: 'audio' | 'video';
  muted: boolean;
  /** One for each encoding. */
  bitratesBps: number[];
}

/** A picture of less is none; what is below it the pacer and the socket's queue have to hold back. */
export const MIN_VIDEO_BPS = 50_000;
/** RTP headers and the extensions in them: 50 packets of 20 ms a second, and full packets of video. */
export const AUDIO_OVERHEAD_BPS = 12_000;
export const VIDEO_OVERHEAD = 1.05;

/** On the wire, when nothing limits the encoders. */
export function wantedBps(demands: BitrateDemand[]): number {
  return audioBps(demands) + sum(videoBitrates(demands)) * VIDEO_OVERHEAD;
}

/**
 * What each encoder of `demands` may have of `targetBps`: audio all it wants, video the rest, each encoding
 * MIN_VIDEO_BPS and a share of what remains in proportion to what it wants. Nobody gets more than that.
 */
export function allocateBitrate(targetBps: number, demands: BitrateDemand[]): number[][] {
  const videos = videoBitrates(demands);
  const left = (targetBps - audioBps(demands)) / VIDEO_OVERHEAD;
  const floor = sum(videos.map(floorOf));
  const room = sum(videos) - floor;
  const share = room > 0 ? Math.min(1, Math.max(0, (left - floor) / room)) : 1;
  return demands.map(({ kind, bitratesBps }) =>
    kind === 'audio'
      ? bitratesBps
      : bitratesBps.map((wanted) => floorOf(wanted) + (wanted - floorOf(wanted)) * share),
  );
}

/** Muted sound is sent as well, sparsely: what it wants at once when it is unmuted is kept for it. */
const audioBps = (demands: BitrateDemand[]): number =>
  sum(
    demands.flatMap(({ kind, bitratesBps }) =>
      kind === 'audio' ? bitratesBps.map((wanted) => wanted + AUDIO_OVERHEAD_BPS) : [],
    ),
  );

const videoBitrates = (demands: BitrateDemand[]): number[] =>
  demands.flatMap(({ kind, muted, bitratesBps }) =>
    kind === 'video' && !muted ? bitratesBps : [],
  );

const floorOf = (wanted: number): number => Math.min(wanted, MIN_VIDEO_BPS);

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
