// bench codecs: how fast the codecs are in WebAssembly, against the same sources built natively and
// against npm's own, on one synthetic clip and one synthetic voice.
//
// A pass measures every contender once, one after the other, so that what else the machine does falls
// on all of them. Within a pass each frame's time is the least of several runs; the figure is the mean
// over frames, and what is shown is the median over passes (ratios: the median of each pass's ratio).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { openBrowser } from './browser.mjs';
import { peers } from './peers.mjs';
import { benchOpus, benchVideo, splitPackets } from './runner.mjs';
import { readOptions, writeJson } from '../support/options.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const HELP = `bench codecs: encode and decode, native against WebAssembly and npm's own
  --passes N     passes over everything, medians are shown (5)
  --repeat N     runs of each frame within a pass, the least counts (3)
  --frames N     length of the clip (45)
  --only NAMES   some of vp8,vp9,opus
  --no-browser   Node alone
  --json FILE    writes the rows there
  --native FILE  codec_bench (build/release/tests/bench/codecs/codec_bench)
  --wasm FOLDER  the wasm build (build/wasm)
`;
const options = readOptions(HELP, {
  passes: '5',
  repeat: '3',
  frames: '45',
  only: 'vp8,vp9,opus',
  'no-browser': false,
  native: path.join(ROOT, 'build/release/tests/bench/codecs/codec_bench'),
  wasm: path.join(ROOT, 'build/wasm'),
});

// Ratios to native time that are promised.
const TARGETS = { vp8: 2.2, vp9: 2.2, opus: 1.35 };
const passes = Number(options.passes);
const repeat = Number(options.repeat);
const folder = mkdtempSync(path.join(os.tmpdir(), 'ferry-bench-'));

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
const native = (...args) =>
  execFileSync(options.native, args.map(String), { encoding: 'utf8', maxBuffer: 1 << 26 });

/** The work: each job is one codec at one size, its source made once. */
function makeJobs() {
  const wanted = options.only.split(',');
  const jobs = [];
  for (const [width, height, kbps] of [
    [640, 360, 800],
    [1280, 720, 2000],
  ]) {
    const size = `${width}x${height}`;
    const source = path.join(folder, `${size}.yuv`);
    if (wanted.some((codec) => codec.startsWith('vp')))
      native('clip', size, options.frames, source);
    for (const codec of ['vp8', 'vp9'].filter((name) => wanted.includes(name))) {
      const packets = path.join(folder, `${codec}-${size}.packets`);
      const module = path.join(options.wasm, 'modules', `${codec}.wasm`);
      jobs.push({ codec, size, width, height, kbps, source, packets, module, repeat });
    }
  }
  for (const channels of [1, 2].filter(() => wanted.includes('opus'))) {
    const source = path.join(folder, `speech-${channels}.s16`);
    native('speech', 10, channels, source);
    const packets = path.join(folder, `opus-${channels}.packets`);
    const module = path.join(options.wasm, 'tests/bench/codecs/opus_bench.wasm');
    const size = channels === 1 ? 'mono' : 'stereo';
    // Complexity 5 is what a call uses; 32 kbit/s a channel of speech.
    jobs.push({
      codec: 'opus',
      size,
      channels,
      bitrate: 32000,
      complexity: 5,
      source,
      packets,
      module,
      repeat,
    });
  }
  return jobs;
}

function benchNative(job) {
  const args =
    job.codec === 'opus'
      ? ['opus', job.channels, job.bitrate, job.complexity, repeat, job.source, job.packets]
      : [job.codec, job.size, job.kbps, repeat, job.source, job.packets];
  return JSON.parse(native(...args));
}

const compiled = new Map();
async function benchNode(job, packets) {
  if (!compiled.has(job.module)) {
    compiled.set(job.module, await WebAssembly.compile(readFileSync(job.module)));
  }
  const module = compiled.get(job.module);
  const source = new Uint8Array(readFileSync(job.source));
  return job.codec === 'opus'
    ? benchOpus({ ...job, module, packets, sound: new Int16Array(source.buffer) })
    : benchVideo({ ...job, module, packets, clip: source });
}

function benchPeer(peer, job, packets) {
  const source = new Uint8Array(readFileSync(job.source));
  return peer.bench({
    ...job,
    packets,
    sound: new Int16Array(source.buffer, 0, source.length >> 1),
  });
}

/** One pass of one job: { contender: { encode, decode } }, mean milliseconds a frame. */
async function measure(job, browser) {
  const times = { native: benchNative(job) };
  const packets = splitPackets(new Uint8Array(readFileSync(job.packets)));
  times.node = await benchNode(job, packets);
  if (browser) {
    const name = (file) => path.basename(file);
    times.chromium = await browser.bench({
      ...job,
      module: name(job.module),
      packets: name(job.packets),
      source: name(job.source),
    });
  }
  for (const peer of peers.filter(({ codecs }) => codecs.includes(job.codec))) {
    times[peer.name] = await benchPeer(peer, job, packets);
  }
  for (const [contender, { exact }] of Object.entries(times)) {
    if (exact === false)
      throw new Error(`${job.codec} ${job.size}: ${contender} encodes other bytes`);
  }
  const means = {};
  for (const [contender, result] of Object.entries(times)) {
    means[contender] = {};
    for (const op of ['encode', 'decode']) if (result[op]) means[contender][op] = mean(result[op]);
  }
  return means;
}

function rowsOf(job, measured) {
  const rows = [];
  for (const op of ['encode', 'decode']) {
    const over = (contender) => median(measured.map((pass) => pass[contender][op]));
    const candidates = peers.filter(({ name }) => measured[0][name]?.[op] !== undefined);
    const peer = candidates.toSorted((a, b) => over(a.name) - over(b.name))[0];
    for (const runtime of ['node', 'chromium'].filter((name) => measured[0][name])) {
      const ratio = median(measured.map((pass) => pass[runtime][op] / pass.native[op]));
      rows.push({
        codec: job.codec,
        op,
        size: job.size,
        runtime,
        native_ms: over('native'),
        wasm_ms: over(runtime),
        ratio,
        peer: peer?.name ?? null,
        peer_ms: peer ? over(peer.name) : null,
      });
    }
  }
  return rows;
}

function show(rows) {
  const cell = (value) => (typeof value === 'number' ? value.toFixed(3) : (value ?? '-'));
  const head = [
    'codec',
    'op',
    'size',
    'runtime',
    'native ms',
    'wasm ms',
    'ratio',
    'target',
    'best peer',
    'peer ms',
  ];
  const lines = rows.map((row) => [
    row.codec,
    row.op,
    row.size,
    row.runtime,
    cell(row.native_ms),
    cell(row.wasm_ms),
    row.ratio.toFixed(2),
    // For Opus the target is on encoding.
    row.codec === 'opus' && row.op === 'decode' ? '-' : `<= ${TARGETS[row.codec]}`,
    cell(row.peer),
    cell(row.peer_ms),
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...lines.map((line) => line[i].length)),
  );
  for (const line of [head, ...lines]) {
    const text = line.map((value, i) =>
      i < 4 || i === 8 ? value.padEnd(widths[i]) : value.padStart(widths[i]),
    );
    process.stdout.write(`${text.join('  ').trimEnd()}\n`);
  }
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(50)}${text ? '' : '\r'}`);
}

async function main() {
  for (const file of [options.native, path.join(options.wasm, 'modules/vp8.wasm')]) {
    if (!existsSync(file))
      throw new Error(`${file} is missing: run ./dev bench codecs, which builds it`);
  }
  const jobs = makeJobs();
  const files = new Map(
    jobs
      .flatMap(({ module, packets, source }) => [module, packets, source])
      .map((file) => [path.basename(file), file]),
  );
  const browser = options['no-browser'] ? undefined : await openBrowser(files);
  try {
    const measured = jobs.map(() => []);
    // The first pass is not counted: browsers compile each function twice, quickly at first and
    // optimised once it has shown to be busy, and a call lives in the second state.
    for (let pass = 0; pass <= passes; pass++) {
      for (const [i, job] of jobs.entries()) {
        progress(`${pass ? `pass ${pass} of ${passes}` : 'warming up'}: ${job.codec} ${job.size}`);
        const means = await measure(job, browser);
        if (pass > 0) measured[i].push(means);
      }
    }
    progress('');
    const rows = jobs.flatMap((job, i) => rowsOf(job, measured[i]));
    const runtimes = [`Node ${process.version}`, browser && `Chromium ${browser.version}`].filter(
      Boolean,
    );
    process.stdout.write(
      `${os.cpus()[0].model.trim()}, ${runtimes.join(', ')}; milliseconds a frame (Opus: 20 ms), medians of ${passes} passes\n\n`,
    );
    show(rows);
    const load = os.loadavg()[1]; // of the last five minutes
    if (load > os.cpus().length) {
      process.stdout.write(
        `\nThe machine is busy (load ${load.toFixed(1)} on ${os.cpus().length} processors): the longer a frame takes,\n` +
          'the more it is interrupted, so ratios come out too high. Measure again when it is quiet.\n',
      );
    }
    writeJson(options, { rows });
  } finally {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
