import { deferred, type Deferred } from '../util/deferred';
import { RpcError } from '../util/rpc';
import type { EngineFailure, GatewayNotification } from './messages';

/**
 * A request that a gateway leaves unanswered for this long, while connected, has failed. Longer than a dead
 * connection takes to be noticed: what was lost with it is repeated on the next one instead.
 */
export const ANSWER_TIMEOUT_MS = 10_000;
/** docs/protocol.md §2: acknowledge at the latest every 32 messages; half of it leaves room for delay. */
export const ACKNOWLEDGE_EVERY = 16;
/** Requests that may wait for a connection: far more than a page has streams. */
export const MAX_UNANSWERED = 512;

/** Of an answer to `resume`, docs/protocol.md §2. */
const CANNOT_RESUME = 20_016;
const REPLACED = 20_019;
const NOTIFICATIONS = new Set([
  'user-entered',
  'user-left',
  'stream-added',
  'stream-updated',
  'stream-removed',
  'layer-changed',
  'kicked',
  'closing',
  'error',
]);

/**
 * What becomes of an unanswered request when the session is gone and a new one begins: asked again of the
 * new one, done with (its subject went with the old one), or failed.
 */
export type OnRestart = 'repeat' | 'resolve' | 'fail';
type Members = () => object;

interface Waiting extends Deferred<Record<string, unknown>> {
  type: string;
  members: Members;
  text: string;
  onRestart: OnRestart;
  timer?: ReturnType<typeof setTimeout>;
}

/**
 * The client's side of docs/protocol.md §2 for a whole session, over however many connections: requests
 * stay until they are answered, messages of the gateway are taken once and in order.
 */
export class Signalling {
  /** `seq` of the newest message taken. */
  received = 0;
  private acknowledged = 0;
  private readonly waiting = new Map<number, Waiting>();
  private counter = 0;
  private send: ((text: string) => void) | undefined;
  private ended: RpcError | undefined;

  constructor(private readonly onNotification: (notification: GatewayNotification) => void) {}

  /** Of the next request, whoever makes it: ids rise over the whole session. */
  nextId(): number {
    return ++this.counter;
  }

  /** Resolves with the members of the `ok`; rejects with the gateway's error code. */
  request(
    type: string,
    members: object | Members = {},
    onRestart: OnRestart = 'repeat',
  ): Promise<Record<string, unknown>> {
    if (this.ended) return Promise.reject(this.ended);
    if (this.waiting.size >= MAX_UNANSWERED)
      return Promise.reject(failure('network', 0, 'too many requests wait for a connection'));
    const request: Waiting = {
      ...deferred<Record<string, unknown>>(),
      type,
      members: typeof members === 'function' ? (members as Members) : () => members,
      text: '',
      onRestart,
    };
    this.enter(request);
    return request.promise;
  }

  /** A connection to send by; requests beyond `handled`, the last that the gateway knows, are repeated. */
  attach(send: (text: string) => void, handled: number): void {
    this.detach();
    this.send = send;
    for (const [id, request] of this.waiting) {
      this.startTimer(id, request);
      if (id > handled) send(request.text);
    }
  }

  /** No connection: requests wait, and their time stands still. */
  detach(): void {
    this.send = undefined;
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
  }

  /**
   * A new session, which knows nothing of the old one and begins after `received`. What `prepare` requests
   * comes before what is asked again; all of it leaves with attach().
   */
  restart(received: number, prepare: () => void): void {
    this.detach();
    this.received = this.acknowledged = received;
    const requests = [...this.waiting.values()];
    this.waiting.clear();
    prepare();
    for (const request of requests) {
      if (request.onRestart === 'repeat') this.enter(request);
      else if (request.onRestart === 'resolve') request.resolve({});
      else request.reject(failure('network', 0, 'the session began anew'));
    }
  }

  /** The member of a message that acknowledges all that was received. */
  acknowledge(): { ack: number } {
    this.acknowledged = this.received;
    return { ack: this.received };
  }

  /** What to do with a message of this `seq`: take it, leave a repetition, or mistrust the connection. */
  admit(seq: number): 'take' | 'leave' | 'gap' {
    if (seq <= this.received) return 'leave';
    if (seq > this.received + 1) return 'gap';
    this.received = seq;
    if (seq - this.acknowledged >= ACKNOWLEDGE_EVERY)
      this.send?.(JSON.stringify({ type: 'ack', seq: this.acknowledge().ack }));
    return 'take';
  }

  /** One message of the gateway. What cannot be understood is ignored, as the protocol asks. */
  receive(message: Record<string, unknown>): void {
    const answered = typeof message.id === 'number' ? this.waiting.get(message.id) : undefined;
    if (answered) {
      this.waiting.delete(message.id as number);
      clearTimeout(answered.timer);
      if (message.type === 'ok') answered.resolve(message);
      else answered.reject(refusal(message, answered.type));
    } else if (message.id === undefined && NOTIFICATIONS.has(String(message.type))) {
      this.onNotification(message as unknown as GatewayNotification);
    }
  }

  /** The session is over: every request fails with `why`. */
  end(why: EngineFailure): void {
    this.ended = new RpcError(why);
    this.detach();
    for (const { reject } of this.waiting.values()) reject(this.ended);
    this.waiting.clear();
  }

  private enter(request: Waiting): void {
    const id = this.nextId();
    try {
      request.text = JSON.stringify({ type: request.type, id, ...request.members() });
    } catch (error) {
      request.reject(error);
      return;
    }
    this.waiting.set(id, request);
    if (!this.send) return;
    this.startTimer(id, request);
    this.send(request.text);
  }

  private startTimer(id: number, request: Waiting): void {
    request.timer = setTimeout(() => {
      this.waiting.delete(id);
      request.reject(failure('network', 0, `the gateway did not answer '${request.type}' in time`));
    }, ANSWER_TIMEOUT_MS);
  }
}

/** An `error` of the gateway as what the request rejects with. */
export const refusal = (message: Record<string, unknown>, type: string): RpcError =>
  failure('server', Number(message.code ?? 0), String(message.message ?? type));

/** The same from a close's reason, which repeats it (`20006 the gateway is full`), docs/protocol.md §1.1. */
export function refusalOf(reason: string): RpcError | undefined {
  const [, code, message = ''] = /^(-?\d+) (.*)$/s.exec(reason) ?? [];
  return code === undefined ? undefined : failure('server', Number(code), message);
}

/** The gateway keeps no session of this token: asking again gets the same answer. */
export const isUnknownSession = (error: unknown): boolean =>
  error instanceof RpcError && error.failure.code === CANNOT_RESUME;

/** The same user has entered again since: going on, or entering anew, would put that one out. */
export const isReplaced = (error: unknown): boolean =>
  error instanceof RpcError && error.failure.code === REPLACED;

const failure = (kind: EngineFailure['kind'], code: number, message: string): RpcError =>
  new RpcError({ kind, code, message });
