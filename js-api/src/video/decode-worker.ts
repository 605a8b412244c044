// A decode worker: some of the remote videos, each with a decoder of its own.
import type { Codec, DecoderReport, FrameToDecode } from '../engine/messages';
import { loadOnce } from '../util/load-once';
import { serve, type Endpoint } from '../util/rpc';
import { loadWasm } from '../util/wasm-loader';
import { createOutput, type DecodedOutput } from './decoded-output';
import { DecodeStream } from './decode-stream';
import type { DecodeEvent, DecodeMethods } from './messages';
import type { VideoExports } from './video-exports';

const modules = new Map<Codec, () => Promise<VideoExports>>();
/** Those that were added and not removed; the first steps of `add` take a while. */
const wanted = new Set<string>();
const streams = new Map<string, DecodeStream>();

const emit = (event: DecodeEvent, transfer: Transferable[] = []) =>
  self.postMessage(event, { transfer });

function module(codec: Codec): Promise<VideoExports> {
  return modules.get(codec)?.() ?? Promise.reject(new Error(`no module for ${codec} is loaded`));
}

async function add({ decodingId, codec, port, sink }: Parameters<DecodeMethods['add']>[0]) {
  wanted.add(decodingId);
  const output = createOutput(decodingId, sink, emit);
  try {
    // Frames that arrive while the module loads wait in the port.
    const wasm = await module(codec);
    if (wanted.has(decodingId)) start(decodingId, wasm, port, output);
  } finally {
    if (!streams.has(decodingId)) {
      wanted.delete(decodingId);
      output.close();
      port.close();
    }
  }
}

function start(decodingId: string, wasm: VideoExports, port: MessagePort, output: DecodedOutput) {
  const report = (what: DecoderReport['report']) =>
    port.postMessage({ report: what } satisfies DecoderReport);
  const ask = () => report('keyframe-needed');
  const stream = new DecodeStream(decodingId, wasm, output, emit, ask);
  streams.set(decodingId, stream);
  port.onmessage = ({ data }: MessageEvent<FrameToDecode>) => {
    stream.decode(data);
    report('taken');
  };
}

serve<DecodeMethods>(self as unknown as Endpoint, {
  load: async ({ wasmUrls }) => {
    const entries = Object.entries(wasmUrls) as [Codec, string][];
    for (const [codec, url] of entries)
      if (!modules.has(codec))
        modules.set(
          codec,
          loadOnce(() => loadWasm<VideoExports>(url)),
        );
    await Promise.all(entries.map(([codec]) => module(codec)));
  },
  hasTrackGenerator: () => 'VideoTrackGenerator' in globalThis,
  add,
  remove: ({ decodingId }) => {
    wanted.delete(decodingId);
    streams.get(decodingId)?.close();
    streams.delete(decodingId);
  },
  stats: ({ decodingId }) => streams.get(decodingId)?.stats(),
});
