// The same measurement in a page of headless Chromium. The page is isolated, which is what makes
// performance.now() fine enough to time a frame.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import { launchOptions } from '../../e2e/support/chromium.mjs';

const TYPES = { mjs: 'text/javascript', wasm: 'application/wasm' };
const PAGE = `<!doctype html><script type="module">
  import { benchOpus, benchVideo, splitPackets } from '/runner.mjs';
  const modules = new Map();
  const load = async (name) => new Uint8Array(await (await fetch('/' + name)).arrayBuffer());
  const compile = (name) => {
    if (!modules.has(name)) modules.set(name, WebAssembly.compileStreaming(fetch('/' + name)));
    return modules.get(name);
  };
  globalThis.bench = async (job) => {
    const module = await compile(job.module);
    const packets = splitPackets(await load(job.packets));
    const source = await load(job.source);
    return job.codec === 'opus'
      ? benchOpus({ ...job, module, packets, sound: new Int16Array(source.buffer) })
      : benchVideo({ ...job, module, packets, clip: source });
  };
  document.title = 'ready';
</script>`;

/** Opens the page; `files` maps names that jobs use to paths. */
export async function openBrowser(files) {
  files.set('runner.mjs', fileURLToPath(new URL('runner.mjs', import.meta.url)));
  const server = createServer((request, response) => {
    const name = request.url.slice(1);
    const file = files.get(name);
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    if (name !== '' && !file) return response.writeHead(404).end();
    response.setHeader(
      'Content-Type',
      TYPES[name.split('.').pop()] ?? (file ? 'application/octet-stream' : 'text/html'),
    );
    response.end(file ? readFileSync(file) : PAGE);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const browser = await chromium.launch(launchOptions());
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => document.title === 'ready');
  return {
    version: browser.version(),
    bench: (job) => page.evaluate((work) => globalThis.bench(work), job),
    async close() {
      await browser.close();
      server.close();
    },
  };
}
