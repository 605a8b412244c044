import { assetUrl } from '../util/assets';
import { RpcClient } from '../util/rpc';
import { startWorker } from '../util/worker';
import type { EngineMethods, StayEvent } from './messages';

/** The page's side of the engine worker. Loading starts with the constructor. */
export class EngineClient {
  readonly rpc: RpcClient<EngineMethods, StayEvent>;
  readonly loaded: Promise<void>;
  private readonly worker: Worker;

  constructor(assetsPath: string | undefined, onEvent: (event: StayEvent) => void) {
    this.worker = startWorker('workers/engine.js', assetsPath);
    this.rpc = new RpcClient(this.worker, onEvent);
    this.worker.onerror = ({ message }) => {
      // Half dead it would hold its connection, and the user in the room, for ever.
      this.worker.terminate();
      const failure = {
        kind: 'engine' as const,
        code: 0,
        message: message || 'the engine worker could not be started; check assetsPath',
      };
      this.rpc.fail(failure);
      onEvent({ event: 'failure', failure, part: 'engine' });
    };
    this.loaded = this.rpc.call('load', { wasmUrl: assetUrl('engine.wasm', assetsPath) });
    // Who needs it awaits it; here nobody may.
    this.loaded.catch(() => undefined);
  }

  close(): void {
    this.worker.terminate();
    this.rpc.fail({ kind: 'engine', code: 0, message: 'the instance was destroyed' });
  }
}
