// Builds js-api/dist: the library as UMD and ESM, each worker and worklet as a classic script of its
// own (a page's CSP then needs no blob:), the declarations and the WebAssembly modules.
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(root, 'dist');
const wasmFolder = path.resolve(root, process.env.FERRY_WASM_DIR ?? '../build/wasm/modules');
const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));

/** Vite's library mode makes one format of one entry a time, here always into the same folder. */
async function bundle(entry, format, fileName, name) {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    define: { __VERSION__: JSON.stringify(version) },
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: 'es2022',
      minify: true,
      copyPublicDir: false,
      lib: { entry: path.join(root, entry), formats: [format], name, fileName: () => fileName },
    },
  });
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await Promise.all([
  bundle('src/umd.ts', 'umd', 'trtc.js', 'TRTC'),
  bundle('src/index.ts', 'es', 'trtc.esm.js'),
  bundle('src/engine/engine-worker.ts', 'iife', 'workers/engine.js', 'ferry'),
  bundle('src/video/encode-worker.ts', 'iife', 'workers/encode.js', 'ferry'),
  bundle('src/video/decode-worker.ts', 'iife', 'workers/decode.js', 'ferry'),
  bundle('src/audio/capture-worklet.ts', 'iife', 'worklets/capture.js', 'ferry'),
  bundle('src/audio/playout-worklet.ts', 'iife', 'worklets/playout.js', 'ferry'),
]);
// require() in Node reads .js of this package as a module; the same UMD file under .cjs is what it takes.
await copyFile(path.join(dist, 'trtc.js'), path.join(dist, 'trtc.cjs'));
await copyFile(path.join(root, 'types/index.d.ts'), path.join(dist, 'index.d.ts'));
for (const name of ['engine.wasm', 'vp8.wasm', 'vp9.wasm']) {
  const from = path.join(wasmFolder, name);
  if (existsSync(from)) await copyFile(from, path.join(dist, name));
  else console.warn(`js-api: ${from} is missing; build it first: ./dev build wasm`);
}
