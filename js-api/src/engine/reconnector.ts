import { now } from '../util/clock';
import { RpcError } from '../util/rpc';
import type { EngineFailure, TransportChoice } from './messages';
import type { TransportName } from './transport';

/** After the first retry, which comes at once: doubled each time up to the longest. */
export const FIRST_DELAY_MS = 500;
export const LONGEST_DELAY_MS = 24_000;
/** Delays vary by this much either way, lest all clients of a gateway come back together. */
const JITTER = 0.25;
/** A connection that broke sooner does not count as a success: delays go on growing. */
export const STABLE_MS = 10_000;
export const GIVE_UP_MS = 30 * 60_000;
/** As trtc-sdk-v5 has it: reconnecting did not succeed. */
export const GAVE_UP = -3301;
/** On WebSocket, WebTransport is tried again in the background: first after this time, then less often. */
export const UPGRADE_DELAY_MS = 15_000;
export const LONGEST_UPGRADE_DELAY_MS = 120_000;
/** A WebTransport connection that lasted less leaves its next one waiting longer. */
const UPGRADE_STABLE_MS = 60_000;
/** A gateway that is closing is left within this time, each client at a moment of its own. */
export const MOVE_SPREAD_MS = 2000;

/** Why another connection is sought: only 'lost' is without one meanwhile. */
type Why = 'lost' | 'silent' | 'asked' | 'upgrade';

export interface Attempt {
  readonly signal: AbortSignal;
  /** The gateway was asked to move the session here: not given up any more for a better idea. */
  committed: boolean;
  /** The connection in use would do as well: not worth losing the session for. */
  readonly optional: boolean;
  /** To another gateway: the session cannot be moved there, only begun anew. */
  readonly anew: boolean;
}

export interface ReconnectorHost {
  readonly choice: TransportChoice;
  /** Whether the session can be moved from one connection to another at all. */
  readonly movable: boolean;
  /** Whether WebTransport may replace WebSocket. */
  readonly upgradable: boolean;
  /** Connects and takes the session there: calls connected() before it resolves. */
  reach(choice: TransportChoice, attempt: Attempt): Promise<void>;
  /** An attempt to find a connection failed while there is none. */
  onRetry(why: string): void;
  /** There is no point in going on. */
  onGivenUp(code: number, message: string): void;
}

/** Decides when to look for another connection, which kind, and when to give up; features: reconnect timeline. */
export class Reconnector {
  private attempt: (Attempt & { why: Why; controller: AbortController }) | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private current: TransportName | undefined;
  private connectedAt = 0;
  private lostAt: number | undefined;
  private silent = false;
  private asked = false;
  /** The network is another than when the connection in use was made. */
  private changed = false;
  private retries = 0;
  private upgradeDelay = UPGRADE_DELAY_MS;
  private stopped = false;

  constructor(private readonly host: ReconnectorHost) {}

  /** An attempt has gone so far that the connection in use may end because of it. */
  get committed(): boolean {
    return this.attempt?.committed === true;
  }

  /** `anew`: entered, maybe another gateway than the one that asked to be left. */
  connected(transport: TransportName, anew: boolean): void {
    this.attempt = undefined;
    this.current = transport;
    this.connectedAt = now();
    this.lostAt = undefined;
    this.silent = this.changed = false;
    if (anew) this.asked = false;
    this.planNext();
  }

  /** The connection in use has ended. */
  lost(): void {
    if (this.lostAt !== undefined || this.stopped) return;
    this.lostAt = now();
    this.silent = false;
    this.leaveCurrent();
    if (now() - this.connectedAt >= STABLE_MS) this.retries = 0;
    if (this.retries === 0) this.try('lost');
    else this.plan(this.delay(), 'lost');
  }

  /** The connection in use has gone silent: the next one is sought beside it. */
  silence(): void {
    if (!this.host.movable) return;
    this.silent = true;
    this.try('silent');
  }

  /** It was alive after all. */
  heard(): void {
    this.silent = false;
    if (this.attempt?.why === 'silent' && !this.attempt.committed) this.abort();
    // What was planned before the silence has given way to it.
    if (!this.attempt) this.planNext();
  }

  /** The gateway asks its clients to enter anew, which another one behind its address will take. */
  move(): void {
    if (this.lostAt !== undefined) return;
    this.asked = true;
    this.planNext();
  }

  /** Another network, or one at all: what failed may work now, what worked may not. */
  networkChanged(): void {
    this.retries = 0;
    this.upgradeDelay = UPGRADE_DELAY_MS;
    this.changed = true;
    if (this.lostAt !== undefined || this.silent) {
      if (!this.committed) this.abort();
      this.try(this.silent ? 'silent' : 'lost');
    } else if (this.current === 'websocket' && this.host.upgradable && !this.asked) {
      this.try('upgrade');
    }
  }

  /** The page slept: no time was lost by trying, so none need be waited for. */
  woke(): void {
    if (this.lostAt === undefined) return;
    this.retries = 0;
    this.try('lost');
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.abort();
  }

  private try(why: Why): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    if (this.attempt) {
      // What runs will do, unless it can wait while there is need.
      if (this.attempt.committed || this.attempt.why !== 'upgrade' || why === 'upgrade') return;
      this.abort();
    }
    const controller = new AbortController();
    const attempt = {
      ...{ why, controller, signal: controller.signal, committed: false },
      ...{ optional: why === 'upgrade', anew: why === 'asked' },
    };
    this.attempt = attempt;
    this.host.reach(this.choice(why), attempt).catch((error: unknown) => {
      if (this.attempt !== attempt) return;
      this.attempt = undefined;
      this.failed(error);
    });
  }

  private failed(error: unknown): void {
    if (this.stopped) return;
    const failure = failureOf(error);
    if (isFinal(failure)) {
      this.host.onGivenUp(failure.code, failure.message);
      return;
    }
    this.retries++;
    if (this.lostAt !== undefined) {
      const left = this.lostAt + GIVE_UP_MS - now();
      if (left <= 0) {
        this.host.onGivenUp(GAVE_UP, `no way to the gateway for 30 minutes: ${failure.message}`);
        return;
      }
      this.host.onRetry(failure.message);
      this.plan(Math.min(this.delay(), left), 'lost');
    } else if (this.silent) this.plan(this.delay(), 'silent');
    else if (this.asked) this.plan(this.delay(), 'asked');
    else {
      this.growUpgradeDelay();
      this.planNext();
    }
  }

  private plan(delayMs: number, why: Why): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      if (why !== 'silent' || this.silent) this.try(why);
    }, delayMs);
  }

  /** What a connection that works is still to be left for. */
  private planNext(): void {
    clearTimeout(this.timer);
    if (this.asked) this.plan(Math.random() * MOVE_SPREAD_MS, 'asked');
    else if (this.current === 'websocket' && this.host.upgradable)
      this.plan(this.upgradeDelay, 'upgrade');
  }

  private delay(): number {
    const doubled = FIRST_DELAY_MS * 2 ** Math.min(10, Math.max(0, this.retries - 1));
    return Math.min(LONGEST_DELAY_MS, doubled) * (1 + JITTER * (2 * Math.random() - 1));
  }

  /** UDP died: whether the next connection over it is to be trusted depends on how long this one lived. */
  private leaveCurrent(): void {
    if (this.current !== 'webtransport') return;
    if (now() - this.connectedAt < UPGRADE_STABLE_MS) this.growUpgradeDelay();
    else this.upgradeDelay = UPGRADE_DELAY_MS;
  }

  private growUpgradeDelay(): void {
    this.upgradeDelay = Math.min(LONGEST_UPGRADE_DELAY_MS, this.upgradeDelay * 2);
  }

  private choice(why: Why): TransportChoice {
    const { choice } = this.host;
    if (choice !== 'auto') return choice;
    if (why === 'upgrade') return 'webtransport';
    const udpDied = why === 'silent' && this.current === 'webtransport' && !this.changed;
    return udpDied ? 'websocket' : 'auto';
  }

  private abort(): void {
    const { attempt } = this;
    this.attempt = undefined;
    attempt?.controller.abort();
  }
}

/** No permission for the room, application suspended, other version, not in this role. */
const FINAL = new Set([-100_006, -100_013, 20_010, 20_015]);

/** The user may not come in again, or this SDK may not: docs/protocol.md §2.3. */
function isFinal({ kind, code }: EngineFailure): boolean {
  const userSig = code >= 70_000 && code < 71_000;
  const entry = code <= -3300 && code > -3400;
  return kind === 'server' && (userSig || entry || FINAL.has(code));
}

const failureOf = (error: unknown): EngineFailure =>
  error instanceof RpcError
    ? error.failure
    : { kind: 'engine', code: 0, message: error instanceof Error ? error.message : String(error) };
