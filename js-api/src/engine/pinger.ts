import { now } from '../util/clock';
import type { Signalling } from './signalling';

/** docs/protocol.md §1: the gateway wants to hear of us every 15 s. */
export const PING_INTERVAL_MS = 2000;

/** Keeps the connection known to be alive and measures its round trip. */
export class Pinger {
  private readonly newest: number[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;
  private outstanding = 0;

  constructor(
    private readonly signalling: Signalling,
    private readonly onMeasured: (rttMs: number) => void,
    private readonly onDead: () => void,
  ) {}

  /** Median of the newest three, ms; negative while unknown. */
  get rttMs(): number {
    const sorted = [...this.newest].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? -1;
  }

  start(): void {
    this.ping();
    this.timer = setInterval(() => this.ping(), PING_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private ping(): void {
    // Four unanswered pings, 8 s of silence: TCP may take minutes to say so.
    if (this.outstanding >= 4) {
      this.stop();
      this.onDead();
      return;
    }
    this.outstanding++;
    const sent = now();
    this.signalling.request('ping', { timeMs: sent }).then(
      () => {
        this.outstanding = 0;
        this.newest.push(now() - sent);
        if (this.newest.length > 3) this.newest.shift();
        this.onMeasured(this.rttMs);
      },
      () => undefined,
    );
  }
}
