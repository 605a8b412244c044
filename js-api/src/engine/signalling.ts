import { deferred, type Deferred } from '../util/deferred';
import { RpcError } from '../util/rpc';
import type { EngineFailure, GatewayNotification } from './messages';

/** A request that the gateway leaves unanswered for this long has failed. */
export const ANSWER_TIMEOUT_MS = 6000;

const NOTIFICATIONS = new Set([
  'user-entered',
  'user-left',
  'stream-added',
  'stream-updated',
  'stream-removed',
  'kicked',
  'closing',
  'error',
]);

interface Waiting extends Deferred<Record<string, unknown>> {
  type: string;
  timer: ReturnType<typeof setTimeout>;
}

/** The client's side of docs/protocol.md §2: requests with answers, and notifications. */
export class Signalling {
  private readonly waiting = new Map<number, Waiting>();
  private counter = 0;
  private ended: RpcError | undefined;

  constructor(
    private readonly send: (text: string) => void,
    private readonly onNotification: (notification: GatewayNotification) => void,
  ) {}

  /** Resolves with the members of the `ok`; rejects with the gateway's error code. */
  request(type: string, members: object = {}): Promise<Record<string, unknown>> {
    if (this.ended) return Promise.reject(this.ended);
    const id = ++this.counter;
    const timer = setTimeout(() => {
      this.waiting.delete(id);
      answer.reject(failure('network', 0, `the gateway did not answer '${type}' in time`));
    }, ANSWER_TIMEOUT_MS);
    const answer = deferred<Record<string, unknown>>();
    this.waiting.set(id, { ...answer, type, timer });
    this.send(JSON.stringify({ type, id, ...members }));
    return answer.promise;
  }

  /** One text frame of the gateway. What cannot be understood is ignored, as the protocol asks. */
  receive(text: string): void {
    const message = parse(text);
    if (!message) return;
    const answered = typeof message.id === 'number' ? this.waiting.get(message.id) : undefined;
    if (answered) {
      this.waiting.delete(message.id as number);
      clearTimeout(answered.timer);
      if (message.type === 'ok') answered.resolve(message);
      else
        answered.reject(
          failure('server', Number(message.code ?? 0), String(message.message ?? answered.type)),
        );
    } else if (message.id === undefined && NOTIFICATIONS.has(String(message.type))) {
      this.onNotification(message as unknown as GatewayNotification);
    }
  }

  /** The connection is gone: every request fails with `why`. */
  end(why: EngineFailure): void {
    this.ended = new RpcError(why);
    for (const { timer, reject } of this.waiting.values()) {
      clearTimeout(timer);
      reject(this.ended);
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

const failure = (kind: EngineFailure['kind'], code: number, message: string): RpcError =>
  new RpcError({ kind, code, message });
