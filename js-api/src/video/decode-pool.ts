import type { Codec } from '../engine/messages';
import { assetUrl } from '../util/assets';
import { logger } from '../util/logger';
import { RpcClient } from '../util/rpc';
import { startWorker } from '../util/worker';
import type { DecodeEvent, DecodeMethods, DecoderStats } from './messages';
import { createSink } from './sink/choose-sink';
import type { VideoSink } from './sink/video-sink';

const log = logger('decode');
/** More decoders at once than this help no machine. */
const MAX_WORKERS = 4;

export interface DecodeListener {
  onSize(width: number, height: number): void;
  onError(message: string): void;
}

interface DecodeWorker {
  worker: Worker;
  rpc: RpcClient<DecodeMethods, DecodeEvent>;
  hasTrackGenerator: Promise<boolean>;
  streams: number;
}

interface Listening {
  listener: DecodeListener;
  sink: VideoSink;
  rpc: DecodeWorker['rpc'];
}

/** One remote video being decoded. */
export interface Decoding {
  sink: VideoSink;
  stats(): Promise<DecoderStats | undefined>;
  close(): void;
}

/** The decode workers of one instance; a stream goes to the one that has least to do. */
export class DecodePool {
  private workers: DecodeWorker[] = [];
  private added = 0;
  private readonly listeners = new Map<string, Listening>();

  constructor(private readonly assetsPath?: string) {}

  /** Starts a worker before it is needed: somebody has a camera on. */
  warmUp(codec: Codec): void {
    if (this.workers.length === 0) this.load(this.spawn(), codec).catch(() => undefined);
  }

  async add(codec: Codec, port: MessagePort, listener: DecodeListener): Promise<Decoding> {
    const decodingId = String(++this.added);
    const target = this.leastLoaded();
    target.streams++;
    const sink = createSink(await target.hasTrackGenerator);
    this.listeners.set(decodingId, { listener, sink, rpc: target.rpc });
    // After close() nobody is to be told.
    const fail = (error: unknown) => {
      if (this.listeners.has(decodingId)) listener.onError(String(error));
    };
    const transfer = [port, ...sink.transfer];
    Promise.all([
      this.load(target, codec),
      target.rpc.call('add', { decodingId, codec, port, sink: sink.decoded }, transfer),
    ]).catch(fail);
    return {
      sink,
      stats: () => target.rpc.call('stats', { decodingId }),
      close: () => {
        target.streams--;
        this.listeners.delete(decodingId);
        target.rpc.call('remove', { decodingId }).catch(() => undefined);
        sink.close();
      },
    };
  }

  close(): void {
    this.listeners.clear();
    for (const { worker, rpc } of this.workers.splice(0)) {
      worker.terminate();
      rpc.fail({ kind: 'engine', code: 0, message: 'the decoders were closed' });
    }
  }

  private leastLoaded(): DecodeWorker {
    const limit = Math.max(1, Math.min(MAX_WORKERS, (navigator.hardwareConcurrency || 2) - 1));
    const [best] = [...this.workers].sort((a, b) => a.streams - b.streams);
    return best && (best.streams === 0 || this.workers.length >= limit) ? best : this.spawn();
  }

  private load({ rpc }: DecodeWorker, codec: Codec): Promise<void> {
    return rpc.call('load', { wasmUrls: { [codec]: assetUrl(`${codec}.wasm`, this.assetsPath) } });
  }

  private spawn(): DecodeWorker {
    const worker = startWorker('workers/decode.js', this.assetsPath);
    const rpc = new RpcClient<DecodeMethods, DecodeEvent>(worker, (event) => this.handle(event));
    worker.onerror = ({ message }) => {
      log.error('a decode worker failed', message);
      this.drop(decodeWorker, message || 'the decode worker failed');
    };
    // Chromium needs no answer: its generator is made on the page.
    const hasTrackGenerator =
      'MediaStreamTrackGenerator' in globalThis
        ? Promise.resolve(false)
        : rpc.call('hasTrackGenerator', undefined);
    hasTrackGenerator.catch(() => undefined);
    const decodeWorker: DecodeWorker = { worker, rpc, hasTrackGenerator, streams: 0 };
    this.workers.push(decodeWorker);
    return decodeWorker;
  }

  /** A worker that failed: its videos are told, the next one goes to another. */
  private drop(failed: DecodeWorker, message: string): void {
    this.workers = this.workers.filter((other) => other !== failed);
    failed.worker.terminate();
    for (const [decodingId, { listener, rpc }] of [...this.listeners]) {
      if (rpc !== failed.rpc) continue;
      this.listeners.delete(decodingId);
      listener.onError(message);
    }
    failed.rpc.fail({ kind: 'engine', code: 0, message });
  }

  private handle(event: DecodeEvent): void {
    const target = this.listeners.get(event.decodingId);
    if (!target) {
      if (event.event === 'frame' && 'close' in event.frame) event.frame.close();
      return;
    }
    if (event.event === 'size') target.listener.onSize(event.width, event.height);
    else if (event.event === 'track') target.sink.receiveTrack(event.track);
    else if (event.event === 'frame') target.sink.receiveFrame(event.frame);
    else target.listener.onError(event.message);
  }
}
