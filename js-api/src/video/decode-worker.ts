// A decode worker: some of the remote videos, each with a decoder of its own.
import type { Codec, DecoderReport, FrameToDecode } from '../engine/messages';
import { serve, type Endpoint } from '../util/rpc';
import { loadWasm } from '../util/wasm-loader';
import { createOutput } from './decoded-output';
import { DecodeStream } from './decode-stream';
import type { DecodeEvent, DecodeMethods } from './messages';
import type { VideoExports } from './video-exports';

const modules = new Map<Codec, Promise<VideoExports>>();
const streams = new Map<string, DecodeStream>();

const emit = (event: DecodeEvent, transfer: Transferable[] = []) =>
  self.postMessage(event, { transfer });

function module(codec: Codec): Promise<VideoExports> {
  return modules.get(codec) ?? Promise.reject(new Error(`no module for ${codec} is loaded`));
}

async function add({ streamId, codec, port, sink }: Parameters<DecodeMethods['add']>[0]) {
  // Frames that arrive while the module loads wait in the port.
  const output = createOutput(streamId, sink, emit);
  const report = (what: DecoderReport['report']) =>
    port.postMessage({ report: what } satisfies DecoderReport);
  const stream = new DecodeStream(streamId, await module(codec), output, emit, () =>
    report('keyframe-needed'),
  );
  streams.set(streamId, stream);
  port.onmessage = ({ data }: MessageEvent<FrameToDecode>) => {
    stream.decode(data);
    report('taken');
  };
}

serve<DecodeMethods>(self as unknown as Endpoint, {
  load: async ({ wasmUrls }) => {
    const entries = Object.entries(wasmUrls) as [Codec, string][];
    for (const [codec, url] of entries)
      if (!modules.has(codec)) modules.set(codec, loadWasm<VideoExports>(url));
    await Promise.all(entries.map(([codec]) => modules.get(codec)));
  },
  hasTrackGenerator: () => 'VideoTrackGenerator' in globalThis,
  add,
  remove: ({ streamId }) => {
    streams.get(streamId)?.close();
    streams.delete(streamId);
  },
  stats: ({ streamId }) => streams.get(streamId)?.stats(),
});
