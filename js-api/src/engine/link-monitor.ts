import { now } from '../util/clock';
import type { TransportName } from './transport';

/** docs/protocol.md §1: the gateway wants to hear of us every 15 s. */
export const PING_INTERVAL_MS = 2000;
const TICK_MS = 100;
/** Where datagrams carry media, this much silence (or three round trips) is worth a question. */
export const MIN_PATIENCE_MS = 300;
const ROUND_TRIPS = 3;
/** While no round trip was measured. */
const UNKNOWN_PATIENCE_MS = 1000;
/** Silence where nothing urges: TCP repairs a lost packet in less. */
export const SILENT_MS = 4000;
/** The connection counts as lost (the SDK's promise, and what a TCP connection never tells itself). */
export const DEAD_MS = 8000;
/** Media is flowing when a packet went either way within this time. */
const FLOWING_MS = 2000;
/** A timer that is so late: this thread was frozen. */
const SLEPT_MS = 3000;

export interface LinkMonitorEvents {
  /** Sends a ping; resolves when it is answered. */
  ping(): Promise<unknown>;
  onRoundTrip(rttMs: number): void;
  /** Nothing is heard: time to look for another way, while this one is kept. */
  onSilent(): void;
  /** It was not dead after all. */
  onHeard(): void;
  onDead(): void;
}

/** Watches one connection: keeps it known to be alive, measures its round trip, notices its death. */
export class LinkMonitor {
  private readonly newest: number[] = [];
  private readonly timer: ReturnType<typeof setInterval>;
  private heardAt = now();
  private flowedAt = -Infinity;
  private pingedAt = -Infinity;
  /** When the oldest ping left that is not answered. */
  private unansweredSince: number | undefined;
  private tickedAt = now();
  private demanded = false;
  private silent = false;
  private stopped = false;

  constructor(
    private readonly transport: TransportName,
    private readonly events: LinkMonitorEvents,
  ) {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.ping();
  }

  /** Median of the newest three, ms; negative while unknown. */
  get rttMs(): number {
    const sorted = [...this.newest].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? -1;
  }

  /** For how long nothing was heard. */
  get silenceMs(): number {
    return now() - this.heardAt;
  }

  /** Something came in. */
  heard(): void {
    this.heardAt = now();
    this.demanded = false;
    if (!this.silent) return;
    this.silent = false;
    this.events.onHeard();
  }

  /** A media packet came or went. */
  flowed(): void {
    this.flowedAt = now();
  }

  /** The network may have changed: an answer is wanted now. */
  demand(): void {
    this.heardAt = now();
    this.demanded = true;
    this.ping();
  }

  /** Nothing is told from here on; the answer to a ping may be on its way yet. */
  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  private get patience(): number {
    const { rttMs } = this;
    return rttMs < 0 ? UNKNOWN_PATIENCE_MS : Math.max(MIN_PATIENCE_MS, ROUND_TRIPS * rttMs);
  }

  private tick(): void {
    const time = now();
    const slept = time - this.tickedAt > SLEPT_MS;
    this.tickedAt = time;
    if (slept) {
      // What came meanwhile is still in the queue behind this timer.
      this.unansweredSince = undefined;
      this.demand();
      return;
    }
    const silence = time - this.heardAt;
    const flowing = this.transport === 'webtransport' && time - this.flowedAt < FLOWING_MS;
    const urgent = this.demanded || flowing;
    const asked = this.pingedAt > this.heardAt;
    if (time - this.pingedAt >= PING_INTERVAL_MS || (flowing && silence >= this.patience && !asked))
      this.ping();
    if (!this.silent && silence >= (urgent ? 2 * this.patience : SILENT_MS)) {
      this.silent = true;
      this.events.onSilent();
    }
    const unanswered = time - (this.unansweredSince ?? time);
    if (silence >= DEAD_MS || unanswered >= DEAD_MS) {
      this.stop();
      this.events.onDead();
    }
  }

  private ping(): void {
    const sent = now();
    this.pingedAt = sent;
    this.unansweredSince ??= sent;
    this.events.ping().then(
      () => {
        if (this.stopped) return;
        this.unansweredSince = undefined;
        this.newest.push(now() - sent);
        if (this.newest.length > 3) this.newest.shift();
        this.events.onRoundTrip(this.rttMs);
      },
      () => undefined,
    );
  }
}
