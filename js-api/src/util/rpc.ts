import type { EngineFailure } from '../engine/messages';
import { deferred, type Deferred } from './deferred';

/** Calls by message: `Methods` maps names to `(args) => result`. */
export type MethodMap<Methods> = { [K in keyof Methods]: (args: never) => unknown };
type Args<F> = F extends (args: infer A) => unknown ? A : never;
type Result<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

interface Request {
  call: number;
  method: string;
  args: unknown;
}
interface Response {
  answer: number;
  result?: unknown;
  failure?: EngineFailure;
}

/** What both a Worker and a worker's own scope offer. */
export interface Endpoint {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/** A call that the other side failed. */
export class RpcError extends Error {
  constructor(readonly failure: EngineFailure) {
    super(failure.message);
    this.name = 'RpcError';
  }
}

/** The calling side. Messages that are no answers go to `onEvent`. */
export class RpcClient<Methods extends MethodMap<Methods>, Event> {
  private readonly waiting = new Map<number, Deferred<unknown>>();
  private counter = 0;
  private broken: RpcError | undefined;

  constructor(
    private readonly endpoint: Endpoint,
    onEvent: (event: Event) => void,
  ) {
    endpoint.addEventListener('message', ({ data }: MessageEvent<Response | Event>) => {
      if (typeof data !== 'object' || data === null || !('answer' in data)) {
        onEvent(data as Event);
        return;
      }
      const call = this.waiting.get(data.answer);
      this.waiting.delete(data.answer);
      if (data.failure) call?.reject(new RpcError(data.failure));
      else call?.resolve(data.result);
    });
  }

  call<K extends keyof Methods & string>(
    method: K,
    args?: Args<Methods[K]>,
    transfer: Transferable[] = [],
  ): Promise<Result<Methods[K]>> {
    if (this.broken) return Promise.reject(this.broken);
    const call = ++this.counter;
    try {
      this.endpoint.postMessage({ call, method, args } satisfies Request, transfer);
    } catch (error) {
      // What cannot be transferred never left.
      return Promise.reject(error);
    }
    const answer = deferred<unknown>();
    this.waiting.set(call, answer);
    return answer.promise as Promise<Result<Methods[K]>>;
  }

  /** Fails every call, waiting and future: the other side is gone. */
  fail(failure: EngineFailure): void {
    this.broken = new RpcError(failure);
    for (const call of this.waiting.values()) call.reject(this.broken);
    this.waiting.clear();
  }
}

type Handlers<Methods> = {
  [K in keyof Methods]: (
    args: Args<Methods[K]>,
  ) => Result<Methods[K]> | Promise<Result<Methods[K]>>;
};

/** The serving side: answers each call with what the handler of its name gives. */
export function serve<Methods extends MethodMap<Methods>>(
  endpoint: Endpoint,
  handlers: Handlers<Methods>,
): void {
  endpoint.addEventListener('message', ({ data }: MessageEvent<Request>) => {
    const answer = (response: Omit<Response, 'answer'>) =>
      endpoint.postMessage({ answer: data.call, ...response }, []);
    const run = async () =>
      handlers[data.method as keyof Methods](data.args as Args<Methods[keyof Methods]>);
    run().then(
      (result) => answer({ result }),
      (error: unknown) => answer({ failure: toFailure(error) }),
    );
  });
}

function toFailure(error: unknown): EngineFailure {
  if (error instanceof RpcError) return error.failure;
  return {
    kind: 'engine',
    code: 0,
    message: error instanceof Error ? error.message : String(error),
  };
}
