// The built modules as the SDK meets them: what they import and export, and one picture there and
// back through the C interface alone. Run by ctest in the wasm build.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const folder = process.env.FERRY_WASM_MODULES;
const EBADF = 8;
const allowedImports = new Set([
  'env.emscripten_notify_memory_growth',
  ...['fd_write', 'fd_read', 'fd_seek', 'fd_close'].map((name) => `wasi_snapshot_preview1.${name}`),
]);

function instantiate(name) {
  const module = new WebAssembly.Module(readFileSync(join(folder, name)));
  const { exports } = new WebAssembly.Instance(module, {
    env: { emscripten_notify_memory_growth() {} },
    wasi_snapshot_preview1: new Proxy({}, { get: () => () => EBADF }),
  });
  exports._initialize();
  return { module, exports };
}

function lastError({ memory, ferry_last_error }) {
  const bytes = new Uint8Array(memory.buffer, ferry_last_error());
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}

const width = 320;
const height = 180;

// A picture of one colour in RGBA.
function fill(wasm, encoder, [r, g, b]) {
  const bytes = width * height * 4;
  const at = wasm.ferry_encoder_input(encoder, bytes);
  const pixels = new Uint8Array(wasm.memory.buffer, at, bytes);
  for (let i = 0; i < bytes; i += 4) pixels.set([r, g, b, 255], i);
}

for (const codec of [8, 9]) {
  const file = `vp${codec}.wasm`;

  test(`${file} imports nothing that the SDK does not give`, () => {
    const { module, exports } = instantiate(file);
    for (const { module: space, name } of WebAssembly.Module.imports(module)) {
      assert.ok(allowedImports.has(`${space}.${name}`), `${space}.${name}`);
    }
    assert.equal(exports.ferry_video_codec(), codec);
  });

  test(`${file} brings a picture there and back`, () => {
    const { exports: wasm } = instantiate(file);
    const encoder = wasm.ferry_encoder_create(width, height, 30, 500_000, -1, 1);
    assert.notEqual(encoder, 0, lastError(wasm));
    const decoder = wasm.ferry_decoder_create();
    assert.notEqual(decoder, 0, lastError(wasm));
    for (let i = 0; i < 5; i++) {
      fill(wasm, encoder, [255, 0, 0]);
      const size = wasm.ferry_encoder_encode(
        encoder,
        3,
        width,
        height,
        0,
        i * 33_333,
        i === 3 ? 1 : 0,
      );
      assert.ok(size > 0, lastError(wasm));
      assert.equal(wasm.ferry_encoder_is_keyframe(encoder), i === 0 || i === 3 ? 1 : 0);
      const input = wasm.ferry_decoder_input(decoder, size);
      new Uint8Array(wasm.memory.buffer).copyWithin(
        input,
        wasm.ferry_encoder_output(encoder),
        wasm.ferry_encoder_output(encoder) + size,
      );
      assert.equal(wasm.ferry_decoder_decode(decoder, size), 1, lastError(wasm));
    }
    assert.equal(wasm.ferry_decoder_width(decoder), width);
    assert.equal(wasm.ferry_decoder_height(decoder), height);
    // Red in BT.601 limited range.
    for (const [plane, value] of [
      [0, 81],
      [1, 90],
      [2, 240],
    ]) {
      const at = wasm.ferry_decoder_plane(decoder, plane);
      const sample = new Uint8Array(wasm.memory.buffer)[
        at + wasm.ferry_decoder_stride(decoder, plane) * 20 + 20
      ];
      assert.ok(Math.abs(sample - value) <= 3, `plane ${plane}: ${sample}`);
    }
    wasm.ferry_encoder_destroy(encoder);
    wasm.ferry_decoder_destroy(decoder);
  });

  test(`${file}: temporal layers`, () => {
    const { exports: wasm } = instantiate(file);
    const encoder = wasm.ferry_encoder_create(width, height, 30, 500_000, -1, 2);
    if (codec === 9) {
      assert.equal(encoder, 0);
      return;
    }
    const layers = [];
    for (let i = 0; i < 6; i++) {
      if (i === 4) wasm.ferry_encoder_configure(encoder, width, height, 30, 500_000, 1);
      fill(wasm, encoder, [255, 40 * i, 0]);
      assert.ok(wasm.ferry_encoder_encode(encoder, 3, width, height, 0, i * 33_333, 0) > 0);
      layers.push(wasm.ferry_encoder_temporal_id(encoder));
    }
    assert.deepEqual(layers, [0, 1, 0, 1, -1, -1]);
    wasm.ferry_encoder_destroy(encoder);
  });

  test(`${file} says what is wrong instead of trapping`, () => {
    const { exports: wasm } = instantiate(file);
    assert.equal(wasm.ferry_encoder_create(0, height, 30, 500_000, -1, 1), 0);
    assert.match(lastError(wasm), /0x180/);
    const encoder = wasm.ferry_encoder_create(width, height, 30, 500_000, -1, 1);
    fill(wasm, encoder, [0, 0, 0]);
    assert.ok(wasm.ferry_encoder_encode(encoder, 3, width, height + 1, 0, 0, 0) < 0);
    assert.ok(wasm.ferry_encoder_encode(encoder, 99, width, height, 0, 0, 0) < 0);
    assert.ok(wasm.ferry_encoder_encode(encoder, 3, width, height, 0, NaN, 0) < 0);
    assert.ok(wasm.ferry_encoder_configure(encoder, width, height, 30, 0, 1) < 0);
    assert.equal(wasm.ferry_encoder_input(encoder, 0xffffffff), 0);
    const decoder = wasm.ferry_decoder_create();
    // Damage inside libvpx leaves by longjmp: WebAssembly's exceptions, not a trap.
    for (let seed = 1; seed < 200; seed++) {
      const size = 10 + (seed % 50);
      const at = wasm.ferry_decoder_input(decoder, size);
      const bytes = new Uint8Array(wasm.memory.buffer, at, size);
      for (let i = 0; i < size; i++) bytes[i] = (seed * 2654435761 + i * i * 40503) >>> 7;
      if (codec === 8) bytes.set([0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 64, 0, 64, 0]);
      else bytes.set([0x82, 0x49, 0x83, 0x42]);
      wasm.ferry_decoder_decode(decoder, size);
    }
    assert.ok(wasm.ferry_decoder_decode(decoder, 100_000_000) < 0);
    assert.ok(lastError(wasm).length > 0);
  });
}
