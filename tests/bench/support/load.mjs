// What the benchmarks of the gateway with native clients share: a gateway without pages, and runs of
// `ferry-cli load` against it, with what the gateway spent in the measured time.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { ROOT, startGateway } from '../../e2e/support/gateway.mjs';
import { residentBytes, spent, treeTimes } from '../../e2e/support/processes.mjs';

/** Limits that a benchmark from one address would meet, and no room of real users does. */
const LIMITS = [
  ...['--max-connections-per-address', '1000000', '--max-half-open-per-address', '1000000'],
  ...['--max-handshakes-per-second', '1000000', '--handshake-burst', '1000000'],
  ...['--max-messages-per-second-per-address', '1000000', '--message-burst-per-address', '1000000'],
  ...['--max-half-open', '100000', '--max-http-connections', '100000', '--max-entering', '10000'],
  ...['--max-connections', '100000', '--max-users', '90000', '--max-publish-kbps', '100000'],
];

/** Path of the program: FERRY_CLI from the environment, else the release build. */
function cliPath() {
  const program = process.env.FERRY_CLI ?? path.join(ROOT, 'build/release/client/ferry-cli');
  if (!existsSync(program)) {
    throw new Error(
      `No ferry-cli at ${program}: run ./dev build release, or set FERRY_CLI to one.`,
    );
  }
  return program;
}

/** Starts a gateway of so many workers for native clients. */
export function startNativeGateway({ workers = 1, args = [] } = {}) {
  return startGateway({
    pages: false,
    args: ['--workers', String(workers), '--log-level', 'error', ...LIMITS, ...args],
  });
}

/** The sums of the gateway's counters by name, labels put together. */
export async function counters(gateway) {
  const body = await gateway.metrics();
  const sums = {};
  for (const line of body.split('\n')) {
    const found = /^(\w+)(?:\{[^}]*\})? ([\d.e+-]+)$/.exec(line);
    if (found) sums[found[1]] = (sums[found[1]] ?? 0) + Number(found[2]);
  }
  return sums;
}

/** Seconds that the threads of a process were ready to run and had no core: proc(5), schedstat. */
function waitedSeconds(pid) {
  const folder = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(folder).map((thread) =>
    Number(readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ')[1]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e9;
}

async function sample(gateway) {
  const times = treeTimes(gateway.pid);
  const waited = waitedSeconds(gateway.pid);
  const at = process.hrtime.bigint();
  return { times, waited, at, counters: await counters(gateway) };
}

/**
 * Starts `ferry-cli load`. `report` is what it found, once it has ended by itself; `onPhase` hears of the measured time's
 * beginning and end.
 */
export function startLoad(gateway, args, onPhase = (_phase) => {}) {
  const child = spawn(cliPath(), ['load', gateway.origin, '--insecure', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Whoever interrupts the benchmark means the load, too.
  const interrupt = () => child.kill('SIGINT');
  process.once('SIGINT', interrupt);
  const rest = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line === 'measuring' || line === 'measured') onPhase(line);
    else rest.push(line);
  });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk) => (output += chunk));
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('SIGINT', interrupt);
      resolve({ code, signal });
    });
  });
  return {
    ended,
    kill: (signal) => child.kill(signal),
    get report() {
      return ended.then(({ code }) => {
        // 2: it ran, and some clients failed; the report says which and why.
        if (code === 0 || code === 2) return JSON.parse(output);
        throw new Error(`ferry-cli load ended with ${code}:\n${rest.join('\n')}`);
      });
    },
  };
}

/**
 * Runs `ferry-cli load` to its end: its report, and what the gateway spent between the first and the last measured
 * moment, in seconds of processor time, packets and resident bytes; and how long it waited for a core, which tells whether
 * what was late or dropped says anything of the gateway.
 */
export async function runLoad(gateway, args) {
  const samples = {};
  const load = startLoad(gateway, args, (phase) => (samples[phase] = sample(gateway)));
  const report = await load.report;
  if (!samples.measuring || !samples.measured) return { report, gateway: null };
  const [before, after] = await Promise.all([samples.measuring, samples.measured]);
  const change = (name) => (after.counters[name] ?? 0) - (before.counters[name] ?? 0);
  const seconds = Number(after.at - before.at) / 1e9;
  return {
    report,
    gateway: {
      seconds,
      cpuSeconds: spent(before.times, after.times),
      waitedSeconds: after.waited - before.waited,
      packetsOut: change('ferry_packets_out_total'),
      dropped: change('ferry_packets_dropped_total'),
      retransmissions: change('ferry_retransmissions_total'),
      residentBytes: residentBytes(gateway.pid),
    },
  };
}

/** Under which conditions figures were taken. */
export function conditions() {
  return {
    cores: os.cpus().length,
    processor: os.cpus()[0].model.trim(),
    load: rounded(os.loadavg()[0], 1),
  };
}

export function rounded(value, digits) {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : null;
}

/** Rows of equal members as lines of a table. */
export function table(rows) {
  const names = Object.keys(rows[0]);
  const cells = [names, ...rows.map((row) => names.map((name) => String(row[name] ?? '-')))];
  const widths = names.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  return cells.map((line) => line.map((cell, i) => cell.padStart(widths[i])).join('  ')).join('\n');
}
