// An encode worker: the pictures of one local video, encoded by a video module.
import { serve, type Endpoint } from '../util/rpc';
import { loadWasm } from '../util/wasm-loader';
import { EncodePipeline } from './encode-pipeline';
import { WasmEncoder } from './encoder';
import type { EncodeEvent, EncodeMethods } from './messages';
import type { VideoExports } from './video-exports';

let loading: Promise<EncodePipeline> | undefined;
let reading = 0;

function pipeline(): Promise<EncodePipeline> {
  return loading ?? Promise.reject(new Error('the encoder is not loaded'));
}

async function load({ wasmUrl, config }: Parameters<EncodeMethods['load']>[0]) {
  const wasm = await loadWasm<VideoExports>(wasmUrl);
  const report = (message: string) =>
    self.postMessage({ event: 'error', message } satisfies EncodeEvent);
  return new EncodePipeline(() => new WasmEncoder(wasm), config, report);
}

/** Reads until the stream ends or another one is read. */
async function readFrom(readable: ReadableStream<VideoFrame>): Promise<void> {
  const turn = ++reading;
  const reader = readable.getReader();
  const target = await pipeline();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    if (turn !== reading) {
      value.close();
      await reader.cancel();
      return;
    }
    await target.frame(value);
  }
}

interface TrackProcessor {
  readonly readable: ReadableStream<VideoFrame>;
}
declare const MediaStreamTrackProcessor: {
  new (init: { track: MediaStreamTrack }): TrackProcessor;
};

function start(readable: ReadableStream<VideoFrame>): void {
  readFrom(readable).catch((error: unknown) =>
    self.postMessage({ event: 'error', message: String(error) } satisfies EncodeEvent),
  );
}

serve<EncodeMethods>(self as unknown as Endpoint, {
  load: (args) => {
    loading ??= load(args);
    return loading.then(() => undefined);
  },
  configure: async ({ config }) => (await pipeline()).configure(config),
  readFrom: ({ readable }) => start(readable),
  readTrack: ({ track }) => {
    if (typeof MediaStreamTrackProcessor === 'undefined') return false;
    start(new MediaStreamTrackProcessor({ track }).readable);
    return true;
  },
  input: async ({ frame }) => (await pipeline()).frame(frame),
  inputPixels: async ({ data, width, height, timestampMs }) =>
    (await pipeline()).pixels(data, width, height, timestampMs),
  connect: async ({ port }) => (await pipeline()).connect(port),
  disconnect: async () => (await pipeline()).disconnect(),
  setMuted: async ({ muted }) => (await pipeline()).setMuted(muted),
  setStill: async ({ still }) => (await pipeline()).setStill(still),
  stats: async () => (await pipeline()).stats(),
  wait: ({ ms }) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
});
