// What npm offers for the same work, measured in Node as it is meant to be used. Each bench function
// returns the times that it can give: { encode?, decode? }, milliseconds for each frame.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Times } from './runner.mjs';

const require = createRequire(import.meta.url);

/** ogv.js decodes VP8 and VP9 (libvpx without encoder), the picture copied out of its memory. */
export const ogv = {
  name: 'ogv',
  codecs: ['vp8', 'vp9'],
  async bench({ codec, width, height, repeat, packets }) {
    const file = codec === 'vp8' ? 'ogv-decoder-video-vp8-wasm' : 'ogv-decoder-video-vp9-simd-wasm';
    const script = require.resolve(`ogv/dist/${file}.js`);
    const factory = require(script);
    const wasmBinary = readFileSync(path.join(path.dirname(script), `${file}.wasm`));
    // What its demuxer would have told the decoder.
    const videoFormat = {
      width,
      height,
      chromaWidth: width / 2,
      chromaHeight: height / 2,
      cropLeft: 0,
      cropTop: 0,
      cropWidth: width,
      cropHeight: height,
      displayWidth: width,
      displayHeight: height,
      fps: 30,
    };
    const decode = new Times();
    for (let run = 0; run < repeat; run++) {
      const decoder = await factory({ wasmBinary, videoFormat });
      await new Promise((done) => decoder.init(done));
      let decoded = 0;
      for (const packet of packets) {
        if (packet.length === 0) continue;
        // It takes an ArrayBuffer and may keep it.
        const buffer = packet.slice().buffer;
        let ok = false;
        const start = performance.now();
        decoder.processFrame(buffer, (success) => (ok = success));
        decode.add(decoded++, performance.now() - start);
        if (!ok || !decoder.frameBuffer) throw new Error(`ogv: no picture of frame ${decoded - 1}`);
      }
      decoder.close?.();
    }
    return { decode: decode.least };
  },
};

/** @evan/opus, its WebAssembly build. */
export const evanOpus = {
  name: '@evan/opus',
  codecs: ['opus'],
  async bench({ channels, bitrate, complexity, repeat, sound, packets }) {
    const { Encoder, Decoder } = await import('@evan/opus/wasm/index.mjs');
    const encode = new Times();
    const decode = new Times();
    const samples = 960 * channels;
    for (let run = 0; run < repeat; run++) {
      const encoder = new Encoder({ channels, sample_rate: 48000, application: 'voip' });
      encoder.bitrate = bitrate;
      encoder.complexity = complexity;
      const decoder = new Decoder({ channels, sample_rate: 48000 });
      for (let i = 0; i < packets.length; i++) {
        const input = sound.subarray(i * samples, (i + 1) * samples);
        let start = performance.now();
        encoder.encode(input);
        encode.add(i, performance.now() - start);
        start = performance.now();
        decoder.decode(packets[i]);
        decode.add(i, performance.now() - start);
      }
    }
    return { encode: encode.least, decode: decode.least };
  },
};

/** opus-decoder. */
export const opusDecoder = {
  name: 'opus-decoder',
  codecs: ['opus'],
  async bench({ channels, repeat, packets }) {
    const { OpusDecoder } = await import('opus-decoder');
    const decode = new Times();
    for (let run = 0; run < repeat; run++) {
      const decoder = new OpusDecoder({
        channels,
        streamCount: 1,
        coupledStreamCount: channels - 1,
        channelMappingTable: channels === 1 ? [0] : [0, 1],
      });
      await decoder.ready;
      for (let i = 0; i < packets.length; i++) {
        const start = performance.now();
        const { samplesDecoded } = decoder.decodeFrame(packets[i]);
        decode.add(i, performance.now() - start);
        if (samplesDecoded !== 960) throw new Error(`opus-decoder: ${samplesDecoded} samples`);
      }
      decoder.free();
    }
    return { decode: decode.least };
  },
};

export const peers = [ogv, evanOpus, opusDecoder];
