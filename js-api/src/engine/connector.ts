import { now } from '../util/clock';
import { RpcError } from '../util/rpc';
import type { TransportChoice } from './messages';
import type { NetworkMemory } from './network-memory';
import type { Transport, TransportName } from './transport';

/** WebTransport's start before WebSocket: a round trip or two more than it needs where UDP passes. */
export const HEAD_START_MS = 1000;
/** What is given up was never used, or has been replaced: docs/protocol.md §1. */
export const CLOSE_MOVED = 4008;

/** Why each kind of connection came to nothing; of a kind that was tried again, the newest reason. */
export type Reasons = Map<TransportName, string>;

export interface Effort {
  /** Gives it up. */
  signal: AbortSignal;
  /** By now(): what is not open by then has failed. */
  deadline?: number;
  /** Of earlier attempts, and of what fails here: told together when all has failed. */
  reasons?: Reasons;
}

/** Opens the connection that is ready first, WebTransport with a head start. */
export class Connector {
  constructor(
    private readonly create: (name: TransportName) => Transport,
    private readonly memory: NetworkMemory,
    private readonly canWebTransport: boolean,
  ) {}

  /** Whether a connection by WebTransport may be had with this choice. */
  mayUpgrade(url: string, choice: TransportChoice): boolean {
    return choice === 'auto' && this.candidates(url, choice).includes('webtransport');
  }

  /** UDP went silent in mid call. */
  udpFailed(url: string): void {
    this.memory.udpFailed(url);
  }

  /** A connection was open, but the gateway did not answer or ended it: the other kind is next. */
  openedWithoutSession(url: string, name: TransportName): void {
    if (name === 'webtransport') this.memory.distrustUdp(url);
  }

  networkChanged(): void {
    this.memory.forget();
  }

  /** Rejects when every way failed, with the reason of each, or when `signal` aborts. */
  connect(
    url: string,
    choice: TransportChoice,
    { signal, deadline = Infinity, reasons = new Map() }: Effort,
  ): Promise<Transport> {
    return new Promise((resolve, reject) => {
      const names = this.candidates(url, choice);
      const raced = names[0] === 'webtransport' && names.length > 1;
      const opening = new Map<TransportName, Transport>();
      let headStart: ReturnType<typeof setTimeout> | undefined;
      let end: ReturnType<typeof setTimeout> | undefined;

      const settle = (winner?: Transport) => {
        clearTimeout(headStart);
        clearTimeout(end);
        signal.removeEventListener('abort', abort);
        for (const transport of opening.values())
          if (transport !== winner) transport.close(CLOSE_MOVED, '');
        opening.clear();
      };
      const abort = () => {
        settle();
        reject(failure('given up'));
      };
      const won = (transport: Transport) => {
        if (!opening.has(transport.name)) return;
        for (const name of opening.keys())
          if (name !== transport.name) reasons.set(name, `slower than ${transport.name}`);
        this.remember(url, transport.name, raced);
        settle(transport);
        resolve(transport);
      };
      const failed = (name: TransportName, error: unknown) => {
        if (!opening.delete(name)) return;
        if (name === 'webtransport') this.memory.udpFailed(url);
        reasons.set(name, error instanceof Error ? error.message : String(error));
        start();
        if (opening.size > 0) return;
        settle();
        reject(noConnection(reasons));
      };
      const expire = () => {
        for (const name of [...opening.keys(), ...names]) reasons.set(name, 'was not open in time');
        if (opening.has('webtransport')) this.memory.udpFailed(url);
        settle();
        reject(noConnection(reasons));
      };
      const start = () => {
        clearTimeout(headStart);
        const name = names.shift();
        if (!name) return;
        const transport = this.create(name);
        opening.set(name, transport);
        transport.open(url).then(
          () => won(transport),
          (error: unknown) => failed(name, error),
        );
        const headStartMs = this.memory.failsUdp(url) ? 0 : HEAD_START_MS;
        if (names.length > 0) headStart = setTimeout(start, headStartMs);
      };

      if (signal.aborted) abort();
      else if (names.length === 0) reject(failure(`this browser has no WebTransport`));
      else {
        signal.addEventListener('abort', abort);
        if (deadline < Infinity) end = setTimeout(expire, Math.max(0, deadline - now()));
        start();
      }
    });
  }

  private remember(url: string, winner: TransportName, raced: boolean): void {
    if (winner === 'webtransport') this.memory.udpWorks(url);
    // WebTransport came second though it started first.
    else if (raced) this.memory.udpFailed(url);
  }

  /** In the order of their start. WebTransport is there for secure pages alone. */
  private candidates(url: string, choice: TransportChoice): TransportName[] {
    const possible = this.canWebTransport && url.startsWith('wss:');
    if (choice === 'websocket') return ['websocket'];
    if (choice === 'webtransport') return possible ? ['webtransport'] : [];
    if (!possible || isWebKit()) return ['websocket'];
    const { memory } = this;
    return memory.distrustsUdp(url) ? ['websocket', 'webtransport'] : ['webtransport', 'websocket'];
  }
}

/** Safari's WebTransport is young: only for who asks for it. */
const isWebKit = (): boolean =>
  /AppleWebKit\//.test(navigator.userAgent) && !/Chrom(e|ium)\//.test(navigator.userAgent);

/** Nothing led to the gateway, and why. */
export const noConnection = (reasons: Reasons): RpcError =>
  failure(
    `no connection to the gateway; ${[...reasons].map(([name, why]) => `${name}: ${why}`).join('; ')}`,
  );

const failure = (message: string): RpcError => new RpcError({ kind: 'network', code: 0, message });
