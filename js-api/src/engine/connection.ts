import { now } from '../util/clock';
import { RpcError } from '../util/rpc';
import { CLOSE_MOVED, noConnection, type Connector, type Effort, type Reasons } from './connector';
import { sayFarewell } from './farewell';
import { Link, PING_TIMEOUT_MS, type LinkListener } from './link';
import { LinkMonitor } from './link-monitor';
import type {
  EngineStatistics,
  GatewayNotification,
  JoinRequest,
  LinkState,
  TransportChoice,
} from './messages';
import { Reconnector, type Attempt, type ReconnectorHost } from './reconnector';
import { isReplaced, isUnknownSession, type Signalling } from './signalling';
import type { TransportName } from './transport';

const PROTOCOL_VERSION = 1;
/** enterRoom succeeds or fails within this time, whatever way is tried. */
export const JOIN_TIMEOUT_MS = 10_000;
const RESUME_TIMEOUT_MS = 4000;
/** Leaving does not wait longer for a gateway that is gone. */
const LEAVE_TIMEOUT_MS = 1000;
/** NETWORK_QUALITY calls a link down that was silent for this long. */
const DOWN_MS = 4000;

const CLOSE_NORMAL = 1000;
/** Close codes after which there is nothing to resume, docs/protocol.md §1.1. */
const ENDS_SESSION = new Set([CLOSE_NORMAL, 1001, 4003]);
const CLOSE_REPLACED = 4001;
/** Our side of 4005: nothing was heard. */
const CLOSE_SILENT = 4005;

export type JoinAnswer = Record<string, unknown>;

export interface ConnectionListener {
  onMedia(packet: Uint8Array): void;
  onRoundTrip(rttMs: number): void;
  /** In the room; `again`: the session began anew, on a gateway that knows nothing of it. */
  onJoined(answer: JoinAnswer, again: boolean): void;
  onState(state: LinkState, detail: string): void;
  /** The end, unless by close(). */
  onEnd(code: number, reason: string): void;
}

/**
 * A session's way to the gateway, over one connection after the other: docs/protocol.md §2. The old
 * connection is kept until the next one has taken over.
 */
export class Connection implements LinkListener, ReconnectorHost {
  private request: JoinRequest | undefined;
  private link: Link | undefined;
  private monitor: LinkMonitor | undefined;
  private readonly reconnector = new Reconnector(this);
  /** Ends the first connecting. */
  private readonly joining = new AbortController();
  /** Proves that a new connection speaks for the session; none where the gateway keeps no sessions. */
  private token: string | undefined;
  private lost = false;
  private ended = false;
  /** The gateway said that there is no coming back. */
  private final = false;
  private readonly before = { bytesSent: 0, bytesReceived: 0, packetsDropped: 0 };
  private rttMs = -1;
  /** The kind of connection that was open last and led nowhere. */
  private failedTransport: TransportName | undefined;

  constructor(
    private readonly connector: Connector,
    private readonly signalling: Signalling,
    private readonly listener: ConnectionListener,
  ) {}

  get choice(): TransportChoice {
    return this.request?.transport ?? 'auto';
  }

  get movable(): boolean {
    return this.token !== undefined;
  }

  get upgradable(): boolean {
    return this.movable && this.connector.mayUpgrade(this.request?.url ?? '', this.choice);
  }

  /** Infinity while nothing can leave. */
  get bufferedAmount(): number {
    return this.link?.transport.bufferedAmount ?? Infinity;
  }

  /** Connects and enters the room; the answer is there before anything the gateway says after it. */
  async open(request: JoinRequest): Promise<JoinAnswer> {
    this.request = request;
    const deadline = now() + JOIN_TIMEOUT_MS;
    const reasons: Reasons = new Map();
    try {
      return await this.join(request.transport, deadline, reasons);
    } catch (error) {
      // A way that opened and led nowhere: there is another one.
      const elsewhere = this.choice === 'auto' && this.failedTransport === 'webtransport';
      if (!elsewhere || !isNetwork(error) || this.ended) throw error;
      return this.join('websocket', deadline, reasons);
    }
  }

  private async join(
    choice: TransportChoice,
    deadline: number,
    reasons: Reasons,
  ): Promise<JoinAnswer> {
    const { signal } = this.joining;
    let joined: JoinAnswer = {};
    await this.over(choice, { signal, deadline, reasons }, CLOSE_NORMAL, (link) => {
      // Where there is another way, it has to have its time, too.
      const share = choice === 'auto' && link.transport.name === 'webtransport' ? 0.5 : 1;
      const patience = Math.max(0, deadline - now()) * share;
      return link.request('join', this.joinMembers(), patience, (answer) => {
        joined = answer;
        this.begin(link, answer, false);
      });
    });
    return joined;
  }

  sendMedia(packet: Uint8Array, video: boolean): void {
    if (!isRtcp(packet)) this.monitor?.flowed();
    this.link?.transport.sendMedia(packet, video);
  }

  networkEvent(kind: 'changed' | 'woke'): void {
    this.monitor?.demand();
    if (kind === 'woke') {
      this.reconnector.woke();
    } else {
      this.connector.networkChanged();
      this.reconnector.networkChanged();
    }
  }

  /** Looks at what concerns the connection itself. */
  notice(notification: GatewayNotification): void {
    if (notification.type !== 'closing') return;
    if (notification.reconnect === true) this.reconnector.move();
    if (notification.reconnect === false) this.final = true;
  }

  statistics(): Pick<
    EngineStatistics,
    'rttMs' | 'transport' | 'linkDown' | 'bytesSent' | 'bytesReceived' | 'packetsDropped'
  > {
    const { link, before } = this;
    const { bytesSent = 0, bytesReceived = 0, packetsDropped = 0, name } = link?.transport ?? {};
    return {
      rttMs: this.rttMs,
      ...(name && { transport: name }),
      linkDown: !this.monitor || this.monitor.silenceMs >= DOWN_MS,
      bytesSent: before.bytesSent + bytesSent,
      bytesReceived: before.bytesReceived + bytesReceived,
      packetsDropped: before.packetsDropped + packetsDropped,
    };
  }

  /** Says good-bye: later, where there is nobody to say it to now. */
  async close(): Promise<void> {
    const { link, ended, token } = this;
    this.end();
    const told = await (ended || link?.request('leave', {}, LEAVE_TIMEOUT_MS).then(yes, no));
    this.abandon();
    if (!told && token !== undefined) void this.farewell(token);
  }

  /** Ends at once, with the code that says so: whoever is about to be ended cannot wait for answers. */
  abandon(): void {
    this.end();
    this.joining.abort();
    this.link?.close(CLOSE_NORMAL, 'left');
    this.drop();
  }

  private farewell(token: string): Promise<void> {
    const { url = '' } = this.request ?? {};
    return sayFarewell(
      (signal) => this.connector.connect(url, this.choice, { signal }),
      this.resumeMembers(token),
    );
  }

  // ---- The host of the reconnector -----------------------------------------------------------------

  async reach(choice: TransportChoice, attempt: Attempt): Promise<void> {
    const { token } = this;
    if (token !== undefined && !attempt.anew) {
      try {
        await this.over(choice, attempt, CLOSE_MOVED, (link) => {
          attempt.committed = true;
          return this.resume(link, token);
        });
        return;
      } catch (error) {
        if (isReplaced(error)) {
          this.finish(CLOSE_REPLACED, (error as RpcError).message);
          return;
        }
        // Another gateway behind this address: no reason to leave the one that works.
        if (!isUnknownSession(error) || attempt.optional) throw error;
        this.token = undefined;
      }
    }
    // Who is called off while entering has not moved: the gateway may have let the user in.
    await this.over(choice, attempt, CLOSE_NORMAL, (link) => {
      attempt.committed = true;
      return this.rejoin(link, attempt.anew);
    });
  }

  onRetry(why: string): void {
    this.tellLost(why);
    this.listener.onState('retry', why);
  }

  onGivenUp(code: number, message: string): void {
    this.finish(code, message);
  }

  // ---- The links -----------------------------------------------------------------------------------

  onHeard(link: Link): void {
    if (link === this.link) this.monitor?.heard();
  }

  onMedia(packet: Uint8Array): void {
    if (!isRtcp(packet)) this.monitor?.flowed();
    if (!this.ended) this.listener.onMedia(packet);
  }

  onLinkClosed(link: Link, code: number, reason: string): void {
    if (link !== this.link || this.ended) return;
    if (code === CLOSE_REPLACED || this.final) {
      this.finish(code, reason);
      return;
    }
    if (ENDS_SESSION.has(code)) this.token = undefined;
    // The gateway ends the old connection when the next one speaks for the session: no loss.
    const moving = code === CLOSE_MOVED && this.reconnector.committed;
    this.drop();
    if (!moving) this.tellLost([code, reason].filter(Boolean).join(' '));
    this.reconnector.lost();
  }

  /** Opens a connection for `action`, and closes it with `code` where that fails or is called off. */
  private async over(
    choice: TransportChoice,
    effort: Effort,
    code: number,
    action: (link: Link) => Promise<void>,
  ): Promise<void> {
    const { url = '' } = this.request ?? {};
    const { signal, reasons = new Map() } = effort;
    const transport = await this.connector.connect(url, choice, effort);
    const link = new Link(transport, this.signalling, this);
    const close = () => link.close(code, '');
    signal.addEventListener('abort', close);
    try {
      // Called off after it had opened, before anybody here could hear of either.
      if (signal.aborted) throw new RpcError({ kind: 'network', code: 0, message: 'given up' });
      await action(link);
    } catch (error) {
      close();
      if (signal.aborted || !isNetwork(error)) throw error;
      this.failedTransport = transport.name;
      this.connector.openedWithoutSession(url, transport.name);
      reasons.set(transport.name, (error as RpcError).message);
      throw noConnection(reasons);
    } finally {
      signal.removeEventListener('abort', close);
    }
  }

  private async resume(link: Link, token: string): Promise<void> {
    await link.request('resume', this.resumeMembers(token), RESUME_TIMEOUT_MS, (answer) => {
      this.token = textOf(answer.resumeToken) ?? token;
      this.adopt(link, false, () => this.signalling.attach(link.send, Number(answer.lastId ?? 0)));
      this.tellFound('resumed');
    });
  }

  /**
   * Two connections of one user to one gateway would throw each other out: the old one goes first, unless
   * its gateway takes nobody any more and this one therefore is another.
   */
  private async rejoin(link: Link, anew: boolean): Promise<void> {
    if (this.link && !anew) {
      this.link.close(CLOSE_MOVED, '');
      this.drop();
      this.tellLost('the gateway does not know the session');
      this.reconnector.lost();
    }
    await link.request('join', this.joinMembers(), JOIN_TIMEOUT_MS, (answer) => {
      this.begin(link, answer, true);
      this.tellFound('entered anew');
    });
  }

  private resumeMembers(token: string): object {
    return { version: PROTOCOL_VERSION, token, ack: this.signalling.received };
  }

  private joinMembers(): object {
    const { sdkAppId, userId, userSig, room, scene, role, client } = this.request as JoinRequest;
    return {
      version: PROTOCOL_VERSION,
      ...{ sdkAppId, userId, userSig, room, scene, role, client },
    };
  }

  private begin(link: Link, answer: JoinAnswer, again: boolean): void {
    this.token = textOf(answer.resumeToken);
    const received = typeof answer.seq === 'number' ? answer.seq : 0;
    this.adopt(link, true, () => {
      this.signalling.restart(received, () => this.listener.onJoined(answer, again));
      this.signalling.attach(link.send, 0);
    });
  }

  private adopt(link: Link, anew: boolean, attach: () => void): void {
    const old = this.link;
    this.drop();
    old?.retire();
    this.link = link;
    attach();
    this.monitor = new LinkMonitor(link.transport.name, {
      ping: () => this.ping(link),
      onRoundTrip: (rttMs) => {
        this.rttMs = rttMs;
        this.listener.onRoundTrip(rttMs);
      },
      onSilent: () => this.silent(),
      onHeard: () => this.reconnector.heard(),
      onDead: () => {
        link.close(CLOSE_SILENT, 'nothing is heard');
        this.onLinkClosed(link, CLOSE_SILENT, 'nothing is heard of the gateway');
      },
    });
    this.reconnector.connected(link.transport.name, anew);
  }

  private ping(link: Link): Promise<void> {
    const members = { timeMs: now(), ...this.signalling.acknowledge() };
    return link.request('ping', members, PING_TIMEOUT_MS);
  }

  private silent(): void {
    if (this.link?.transport.name === 'webtransport')
      this.connector.udpFailed(this.request?.url ?? '');
    this.reconnector.silence();
  }

  /** The link in use is none any more; what it carried stays counted. */
  private drop(): void {
    this.monitor?.stop();
    this.monitor = undefined;
    this.signalling.detach();
    if (!this.link) return;
    const { bytesSent, bytesReceived, packetsDropped } = this.link.transport;
    this.before.bytesSent += bytesSent;
    this.before.bytesReceived += bytesReceived;
    this.before.packetsDropped += packetsDropped;
    this.link = undefined;
  }

  private tellLost(why: string): void {
    if (this.lost) return;
    this.lost = true;
    this.listener.onState('lost', why);
  }

  private tellFound(how: string): void {
    const detail = `${how} over ${this.link?.transport.name ?? 'nothing'}`;
    this.listener.onState(this.lost ? 'restored' : 'moved', detail);
    this.lost = false;
  }

  private finish(code: number, reason: string): void {
    if (this.ended) return;
    this.end();
    this.link?.close(CLOSE_NORMAL, '');
    this.drop();
    this.listener.onEnd(code, reason);
  }

  private end(): void {
    this.ended = true;
    this.reconnector.stop();
    this.monitor?.stop();
  }
}

const yes = (): boolean => true;
const no = (): boolean => false;

const isNetwork = (error: unknown): boolean =>
  error instanceof RpcError && error.failure.kind === 'network';

/** RFC 5761 §4. Reports go on where no media does. */
function isRtcp(packet: Uint8Array): boolean {
  const type = (packet[1] ?? 0) & 0x7f;
  return type >= 64 && type < 96;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
