// Measures a WebAssembly codec: the same code in Node and in a page. Times are milliseconds for each
// frame, the least of `repeat` runs, as the native program gives them.

/** Splits what codec_bench wrote: each packet behind its length, 32 bits little-endian. */
export function splitPackets(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets = [];
  for (let at = 0; at < bytes.length;) {
    const size = view.getUint32(at, true);
    packets.push(bytes.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return packets;
}

/** Keeps the least time seen for each frame. */
export class Times {
  least = [];
  add(frame, ms) {
    this.least[frame] = Math.min(this.least[frame] ?? Infinity, ms);
  }
}

export async function instantiate(module) {
  const { exports } = await WebAssembly.instantiate(module, {
    env: { emscripten_notify_memory_growth() {} },
    wasi_snapshot_preview1: new Proxy({}, { get: () => () => 8 }),
  });
  exports._initialize();
  return exports;
}

const sameBytes = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/**
 * Encodes and decodes with vp8.wasm or vp9.wasm. `clip` is raw I420, `packets` the native encoder's
 * output for it, which this one must make byte for byte.
 */
export async function benchVideo({ module, width, height, kbps, repeat, clip, packets }) {
  const encode = new Times();
  const decode = new Times();
  const frameBytes = width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
  const wasm = await instantiate(module);
  const fail = (what) => {
    const text = new Uint8Array(wasm.memory.buffer, wasm.ferry_last_error());
    throw new Error(`${what}: ${new TextDecoder().decode(text.slice(0, text.indexOf(0)))}`);
  };
  let exact = true;
  for (let run = 0; run < repeat; run++) {
    const encoder =
      wasm.ferry_encoder_create(width, height, 30, kbps * 1000, -1, 1) || fail('encoder');
    for (let i = 0; i < packets.length; i++) {
      const input = wasm.ferry_encoder_input(encoder, frameBytes);
      new Uint8Array(wasm.memory.buffer, input, frameBytes).set(
        clip.subarray(i * frameBytes, (i + 1) * frameBytes),
      );
      const captured = Math.floor((i * 1e6) / 30);
      const start = performance.now();
      const size = wasm.ferry_encoder_encode(encoder, 0, width, height, 0, captured, 0);
      encode.add(i, performance.now() - start);
      if (size < 0) fail('encode');
      const output = new Uint8Array(wasm.memory.buffer, wasm.ferry_encoder_output(encoder), size);
      if (run === 0) exact &&= sameBytes(output, packets[i]);
    }
    wasm.ferry_encoder_destroy(encoder);

    const decoder = wasm.ferry_decoder_create() || fail('decoder');
    let decoded = 0;
    for (const packet of packets) {
      if (packet.length === 0) continue;
      const input = wasm.ferry_decoder_input(decoder, packet.length);
      new Uint8Array(wasm.memory.buffer, input, packet.length).set(packet);
      const start = performance.now();
      const result = wasm.ferry_decoder_decode(decoder, packet.length);
      decode.add(decoded++, performance.now() - start);
      if (result < 0) fail('decode');
    }
    wasm.ferry_decoder_destroy(decoder);
  }
  return { encode: encode.least, decode: decode.least, exact };
}

/** Encodes and decodes with opus_bench.wasm; `sound` is 48 kHz 16-bit, interleaved. */
export async function benchOpus({ module, channels, bitrate, complexity, repeat, sound, packets }) {
  const encode = new Times();
  const decode = new Times();
  const samples = 960 * channels;
  const wasm = await instantiate(module);
  for (let run = 0; run < repeat; run++) {
    if (wasm.bench_opus_open(channels, bitrate, complexity) !== 0) throw new Error('Opus: open');
    const input = new Int16Array(wasm.memory.buffer, wasm.bench_opus_input(), samples);
    const packet = new Uint8Array(wasm.memory.buffer, wasm.bench_opus_packet(), 1500);
    for (let i = 0; i < packets.length; i++) {
      input.set(sound.subarray(i * samples, (i + 1) * samples));
      let start = performance.now();
      const size = wasm.bench_opus_encode();
      encode.add(i, performance.now() - start);
      if (size < 0) throw new Error(`Opus: encode ${size}`);
      packet.set(packets[i]);
      start = performance.now();
      const decoded = wasm.bench_opus_decode(packets[i].length);
      decode.add(i, performance.now() - start);
      if (decoded !== 960) throw new Error(`Opus: decode ${decoded}`);
    }
  }
  return { encode: encode.least, decode: decode.least };
}
