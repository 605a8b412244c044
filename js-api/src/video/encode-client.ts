import { RpcClient } from '../util/rpc';
import { assetUrl } from '../util/assets';
import { startWorker } from '../util/worker';
import type { EncodeEvent, EncodeMethods, EncoderConfig } from './messages';

/** The page's side of an encode worker. */
export class EncodeClient {
  readonly rpc: RpcClient<EncodeMethods, EncodeEvent>;
  /** Resolves when the codec is ready. */
  readonly loaded: Promise<void>;
  private readonly worker: Worker;
  private closed = false;

  constructor(
    codec: string,
    config: EncoderConfig,
    assetsPath: string | undefined,
    onError: (message: string) => void,
  ) {
    this.worker = startWorker('workers/encode.js', assetsPath);
    this.rpc = new RpcClient(this.worker, ({ message }) => onError(message));
    this.worker.onerror = ({ message }) => {
      const why = message || 'the encode worker could not be started';
      this.rpc.fail({ kind: 'engine', code: 0, message: why });
      onError(why);
    };
    const wasmUrl = assetUrl(`${codec}.wasm`, assetsPath);
    this.loaded = this.rpc.call('load', { wasmUrl, config });
    this.loaded.catch((error: unknown) => {
      if (!this.closed) onError(String(error));
    });
  }

  close(): void {
    this.closed = true;
    this.worker.terminate();
    this.rpc.fail({ kind: 'engine', code: 0, message: 'the encoder was closed' });
  }
}
