import { RpcError } from '../util/rpc';
import { refusal, refusalOf, type Signalling } from './signalling';
import type { Transport, TransportListener } from './transport';

/** Between the ends of a connection that was replaced: what is on its way may still arrive. */
const RETIRED_MS = 1000;
/** A ping that is not answered by then was lost with its connection. */
export const PING_TIMEOUT_MS = 10_000;
/** Messages are missing, which no working gateway lets happen. */
export const CLOSE_MALFORMED = 4003;
const CLOSE_MOVED = 4008;

interface Waiting {
  type: string;
  onAnswer(message: Record<string, unknown>): void;
  reject(error: unknown): void;
  timer: ReturnType<typeof setTimeout>;
}

export interface LinkListener {
  /** Anything at all came in. */
  onHeard(link: Link): void;
  onMedia(packet: Uint8Array): void;
  /** Not told of an end that we made. */
  onLinkClosed(link: Link, code: number, reason: string): void;
}

/** One connection of a session: what is asked and answered on this connection alone, and its end. */
export class Link implements TransportListener {
  private readonly waiting = new Map<number, Waiting>();
  private retired = false;
  private closed = false;
  /** Why the gateway does not want this connection, told before it ends it. */
  private unwanted: RpcError | undefined;

  constructor(
    readonly transport: Transport,
    private readonly signalling: Signalling,
    private readonly listener: LinkListener,
  ) {
    transport.listener = this;
  }

  /**
   * `join`, `resume` or `ping`: never repeated elsewhere. `onAnswer` runs before the next message of the
   * gateway is looked at.
   */
  request(
    type: string,
    members: object,
    timeoutMs: number,
    onAnswer: (answer: Record<string, unknown>) => void = () => undefined,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(failure('the connection has ended'));
        return;
      }
      const id = this.signalling.nextId();
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(failure(`the gateway did not answer '${type}' in time`));
      }, timeoutMs);
      const answered = (answer: Record<string, unknown>) => {
        onAnswer(answer);
        resolve();
      };
      this.waiting.set(id, { type, onAnswer: answered, reject, timer });
      this.transport.sendControl(JSON.stringify({ type, id, ...members }));
    });
  }

  readonly send = (text: string): void => this.transport.sendControl(text);

  /** Another connection has taken over: this one brings what is on its way, then ends. */
  retire(): void {
    this.retired = true;
    setTimeout(() => this.close(CLOSE_MOVED, ''), RETIRED_MS);
  }

  close(code: number, reason: string): void {
    if (this.closed) return;
    this.end('the connection was closed');
    this.transport.close(code, reason);
  }

  onControl(text: string): void {
    if (this.closed) return;
    this.listener.onHeard(this);
    const message = parse(text);
    if (!message) return;
    const own = typeof message.id === 'number' ? this.waiting.get(message.id) : undefined;
    // The answers that make a session are not of its numbering.
    const counted = typeof message.seq === 'number' && (!own || own.type === 'ping');
    if (counted && !this.admit(message.seq as number)) return;
    if (!own && message.type === 'error' && message.id === undefined)
      this.unwanted = refusal(message, 'connection');
    if (own) this.settle(message.id as number, own, message);
    else if (!this.retired) this.signalling.receive(message);
  }

  onMedia(packet: Uint8Array): void {
    if (this.closed) return;
    this.listener.onHeard(this);
    this.listener.onMedia(packet);
  }

  onClose(code: number, reason: string): void {
    if (this.closed) return;
    // The message that said so may have been overtaken by the close.
    this.unwanted ??= refusalOf(reason);
    this.end(`the gateway closed the connection (${[code, reason].filter(Boolean).join(' ')})`);
    if (!this.retired) this.listener.onLinkClosed(this, code, reason);
  }

  private admit(seq: number): boolean {
    if (this.retired) return false;
    const verdict = this.signalling.admit(seq);
    if (verdict !== 'gap') return verdict === 'take';
    this.close(CLOSE_MALFORMED, `message ${seq} came before the one that precedes it`);
    this.listener.onLinkClosed(this, CLOSE_MALFORMED, 'a message is missing');
    return false;
  }

  private settle(id: number, own: Waiting, message: Record<string, unknown>): void {
    this.waiting.delete(id);
    clearTimeout(own.timer);
    if (message.type === 'ok') own.onAnswer(message);
    else own.reject(refusal(message, own.type));
  }

  private end(why: string): void {
    this.closed = true;
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(this.unwanted ?? failure(why));
    }
    this.waiting.clear();
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Not JSON: ignored like any message that this version does not know.
  }
  return undefined;
}

const failure = (message: string): RpcError => new RpcError({ kind: 'network', code: 0, message });
