import { now } from '../util/clock';
import { allocateBitrate, wantedBps, type BitrateDemand } from './bitrate-allocation';
import type { Engine } from './engine';
import type { UploadGate } from './upload-gate';

/** The target is looked at so often, as long as there is something to send. */
export const POLL_MS = 100;
/** An encoder is not disturbed for less, down or up: each change costs it some frames of precision. */
export const MIN_DECREASE = 0.08;
export const MIN_INCREASE = 0.12;
/**
 * At first the target is a guess, or what few packets of a page that is starting up have told: for so long
 * only its halving counts, and pictures begin as the page wants them.
 */
export const GUESS_MS = 1500;

export interface RateControlled {
  demand: BitrateDemand;
  /** Of each encoding; Infinity: as configured. */
  limitsBps: number[];
  order(encoding: number, bitrateBps: number): void;
}

/** Lets the encoders follow what congestion control says the network carries. */
export class UploadRate {
  private lastPoll = -Infinity;
  private firstVideo: number | undefined;
  private guessBps = 0;
  private queuedMs = 0;

  constructor(
    private readonly engine: Engine,
    private readonly gate: UploadGate,
    private readonly streams: () => RateControlled[],
  ) {}

  /** What is published, or what it was configured to, has changed. */
  changed(): void {
    const demands = this.demands();
    const wanted = wantedBps(demands);
    this.engine.setWantedBitrate(wanted);
    this.gate.setBitrate(wanted);
    if (this.firstVideo === undefined && demands.some(({ kind }) => kind === 'video')) {
      this.firstVideo = now();
      this.guessBps = this.engine.targetBitrate();
    }
    this.follow(now());
  }

  /** Call with everything that is sent. */
  poll(): void {
    const time = now();
    if (time - this.lastPoll < POLL_MS) return;
    // A queue that stands is there twice: one that a busy thread has not heard the end of is not.
    const { queuedMs } = this.gate;
    this.engine.setLocalQueueDelay(Math.min(queuedMs, this.queuedMs), time);
    this.queuedMs = queuedMs;
    this.follow(time);
  }

  private follow(time: number): void {
    this.lastPoll = time;
    const { firstVideo = time } = this;
    const target = this.engine.targetBitrate();
    if (time - firstVideo < GUESS_MS && target > this.guessBps / 2) return;
    const streams = this.streams();
    const shares = allocateBitrate(target, this.demands());
    streams.forEach((stream, i) => {
      if (stream.demand.kind !== 'video') return;
      shares[i]?.forEach((share, encoding) => this.limit(stream, encoding, share));
    });
  }

  private limit(stream: RateControlled, encoding: number, shareBps: number): void {
    const wanted = stream.demand.bitratesBps[encoding] ?? 0;
    const next = shareBps >= wanted ? Infinity : Math.round(shareBps);
    const { [encoding]: limit = Infinity } = stream.limitsBps;
    const before = Math.min(limit, wanted);
    const change = Math.min(next, wanted) / before - 1;
    const small = change > -MIN_DECREASE && change < MIN_INCREASE;
    // To all of what it wants the last step is always taken.
    if (next === limit || (small && next !== Infinity)) return;
    stream.limitsBps[encoding] = next;
    stream.order(encoding, next);
  }

  private demands(): BitrateDemand[] {
    return this.streams().map(({ demand }) => demand);
  }
}
