// A gateway and the network before it, in virtual time: as much of docs/protocol.md as a client can tell.
import type { UserInfo } from '../../src/engine/messages';
import type { Transport, TransportListener, TransportName } from '../../src/engine/transport';

export interface Message {
  type: string;
  id?: number;
  [member: string]: unknown;
}

/** One connection; what crosses it takes `latencyMs` each way. */
export class FakeTransport implements Transport {
  listener: TransportListener | undefined;
  bufferedAmount = 0;
  bytesSent = 0;
  bytesReceived = 0;
  packetsDropped = 0;
  readonly control: Message[] = [];
  readonly media: number[] = [];
  /** The code of our own close(). */
  closed: number | undefined;
  ended = false;
  /** Nothing crosses any more, and nobody says so. */
  silent = false;

  constructor(
    readonly name: TransportName,
    readonly gateway: FakeGateway,
  ) {}

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.later(() => {
        if (this.closed !== undefined) reject(new Error('closed'));
        else if (this.gateway.reachable[this.name]) resolve();
        else reject(new Error(`${this.name} is blocked`));
      });
    });
  }

  sendControl(text: string): void {
    if (this.ended) return;
    const message = JSON.parse(text) as Message;
    this.control.push(message);
    this.later(() => {
      if (!this.silent && !this.ended) this.gateway.receive(this, message);
    });
  }

  sendMedia(packet: Uint8Array): void {
    this.media.push(packet.byteLength);
  }

  close(code: number): void {
    this.closed ??= code;
    this.ended = true;
  }

  /** To the client. */
  deliver(message: object): void {
    this.later(() => {
      if (!this.silent && !this.ended) this.listener?.onControl(JSON.stringify(message));
    });
  }

  receiveMedia(bytes = 20): void {
    if (!this.silent && !this.ended) this.listener?.onMedia(new Uint8Array(bytes));
  }

  /** By the gateway or the network. */
  end(code: number, reason = ''): void {
    if (this.ended || this.silent) return;
    this.ended = true;
    this.listener?.onClose(code, reason);
  }

  types(): string[] {
    return this.control.map(({ type }) => type).filter((type) => type !== 'ping');
  }

  private later(action: () => void): void {
    setTimeout(action, this.gateway.latencyMs);
  }
}

interface Kept {
  token: string;
  seq: number;
  lastId: number;
  log: (Message & { seq: number })[];
  attached: FakeTransport | undefined;
}

export class FakeGateway {
  latencyMs = 10;
  reachable: Record<TransportName, boolean> = { webtransport: true, websocket: true };
  users: UserInfo[] = [];
  /** Whether sessions outlive connections here. */
  keepsSessions = true;
  /** What a request is refused with. */
  refuses: Record<string, number> = {};
  readonly transports: FakeTransport[] = [];
  /** Requests handled, over all connections, but for pings. */
  readonly handled: Message[] = [];
  kept: Kept | undefined;
  private counter = 0;

  create = (name: TransportName): FakeTransport => {
    const transport = new FakeTransport(name, this);
    this.transports.push(transport);
    return transport;
  };

  get last(): FakeTransport {
    return this.transports.at(-1) as FakeTransport;
  }

  /** To the session, over whatever connection it has. */
  notify(message: object): void {
    const { kept } = this;
    if (!kept) return;
    const numbered = { ...message, seq: ++kept.seq } as Kept['log'][number];
    kept.log.push(numbered);
    kept.attached?.deliver(numbered);
  }

  /** Everything is forgotten, ids begin anew. */
  restart(): void {
    this.kept = undefined;
    this.counter = 1000;
    this.handled.length = 0;
    for (const transport of [...this.transports]) transport.end(1006);
  }

  receive(from: FakeTransport, message: Message): void {
    const { type, id } = message;
    if (typeof message.ack === 'number') this.acknowledge(message.ack);
    if (type === 'ack') this.acknowledge(Number(message.seq));
    else if (type === 'ping') from.deliver({ type: 'ok', id });
    else if (this.refuses[type]) this.refuse(from, message, this.refuses[type]);
    else if (type === 'join') this.join(from, message);
    else if (type === 'resume') this.resume(from, message);
    else if (this.kept?.attached === from && Number(id) > this.kept.lastId) {
      this.kept.lastId = Number(id);
      this.handled.push(message);
      this.notify({ type: 'ok', id, ...this.answer(type) });
    }
  }

  private join(from: FakeTransport, { id }: Message): void {
    const token = `token-${++this.counter}`;
    this.kept = { token, seq: 0, lastId: Number(id), log: [], attached: from };
    const { users } = this;
    const keeping = this.keepsSessions && { resumeToken: token, resumeTimeoutMs: 90_000 };
    from.deliver({ type: 'ok', id, sessionId: 's', serverTimeMs: 5, users, ...keeping });
  }

  private resume(from: FakeTransport, message: Message): void {
    const { kept } = this;
    if (!kept || message.token !== kept.token) {
      this.refuse(from, message, 20_016);
      setTimeout(() => from.end(4007), this.latencyMs);
      return;
    }
    const old = kept.attached;
    kept.attached = from;
    kept.token = `token-${++this.counter}`;
    from.deliver({ type: 'ok', id: message.id, lastId: kept.lastId, resumeToken: kept.token });
    for (const each of kept.log) if (each.seq > Number(message.ack)) from.deliver(each);
    setTimeout(() => old?.end(4008), this.latencyMs);
  }

  private acknowledge(seq: number): void {
    if (this.kept) this.kept.log = this.kept.log.filter((each) => each.seq > seq);
  }

  private refuse(to: FakeTransport, { id }: Message, code: number): void {
    to.deliver({ type: 'error', id, code, message: `refused with ${code}` });
  }

  private answer(type: string): object {
    if (type === 'publish') return { streamId: `p${++this.counter}`, ssrc: ++this.counter };
    if (type === 'subscribe') return { ssrc: ++this.counter, codec: 'vp8' };
    return {};
  }
}
